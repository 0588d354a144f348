import HookgateCore
import HookgateTestSupport
import PostgresClient
import Testing

/// The doctor's page, while an examination goes on behind it.
@Suite(.timeLimit(.minutes(1)))
struct DoctorPageTests {
    @Test func thePageAnswersAtOnceAndShowsWhatWasFoundOnceItIs() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            let browser = try await console.signIn(with: key)
            try await Self.holdingExaminationsBack(console) {
                let page = await browser.get("/doctor").text
                #expect(page.contains("The examination is under way"))
                #expect(page.contains(#"data-live="/live/doctor""#))
                #expect(!page.contains("checks are well"))
            }
            try await Self.expectAnswer(console, key)
            let page = await browser.get("/doctor").text
            #expect(page.contains("checks are well"))
            #expect(!page.contains("under way") && !page.contains("data-live"))
        }
    }

    @Test func whatWasFoundBeforeIsShownWhileAnotherExaminationGoesOn() async throws {
        try await TestConsole.with { console in
            let key = try await console.key(.viewer)
            let browser = try await console.signIn(with: key)
            try await Self.expectAnswer(console, key)
            try await Self.holdingExaminationsBack(console) {
                for _ in 1...2 { #expect(await browser.post("/doctor", "").status == 303) }
                let page = await browser.get("/doctor").text
                #expect(page.contains("The examination is under way"))
                #expect(page.contains("checks are well"))
            }
            try await Self.expectAnswer(console, key)
        }
    }

    /// No examination gets past a table that somebody has for themselves.
    private static func holdingExaminationsBack(_ console: TestConsole, _ body: () async throws -> Void) async throws {
        try await console.database.pool.transaction { connection in
            try await connection.execute(script: "LOCK TABLE healthcare.integrations IN ACCESS EXCLUSIVE MODE")
            try await body()
        }
    }

    /// The API waits for what is under way.
    private static func expectAnswer(_ console: TestConsole, _ key: String) async throws {
        let answer = await console.send("GET", "/api/v1/doctor", headers: [("authorization", "Bearer \(key)")])
        #expect(answer.status == 200)
    }
}
