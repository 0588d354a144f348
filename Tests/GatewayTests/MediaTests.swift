import FoundationEssentials
import HookgateCore
import HookgateTestSupport
import Testing

@testable import Gateway

/// Files of events over a real socket.
@Suite(.timeLimit(.minutes(1)))
struct MediaTests {
    private static let path = "/api/v1/events/01996c1e-0000-7000-8000-000000000001/media?part=0&expires=9&signature=x"

    /// Answers as it is told.
    private final class Files: EventMediaSource {
        private let answer: EventMedia

        init(_ answer: EventMedia) {
            self.answer = answer
        }

        func media(at link: MediaLinkRequest) async -> EventMedia { answer }
    }

    private func ask(_ answer: EventMedia, method: String = "GET") async throws -> RawResponse {
        let gateway = TestGateway(media: MediaReads(source: Files(answer)))
        return try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                try #require(await connection.exchange(Raw.get(Self.path, method: method)))
            }
        }
    }

    @Test func fileIsHandedOutToBeKeptAndNotRun() async throws {
        let response = try await ask(.found(bytes: Array("PDF".utf8), mimeType: "application/pdf"))
        #expect(response.status == 200)
        #expect(response.body == "PDF")
        #expect(response.headers["content-type"] == "application/pdf")
        #expect(response.headers["content-disposition"] == "attachment")
        #expect(response.headers["x-content-type-options"] == "nosniff")
        let unnamed = try await ask(.found(bytes: [1], mimeType: nil))
        #expect(unnamed.headers["content-type"] == "application/octet-stream")
    }

    @Test(arguments: [(EventMedia.refused, 403), (.gone, 404), (.unavailable, 503)])
    func whyThereIsNoFileIsSaid(media: EventMedia, status: Int) async throws {
        #expect(try await ask(media).status == status)
    }

    @Test func otherMethodsAreNotAllowed() async throws {
        #expect(try await ask(.gone, method: "DELETE").status == 405)
    }

    @Test func connectionLivesOnAfterAFile() async throws {
        let gateway = TestGateway(media: MediaReads(source: Files(.found(bytes: [0x61], mimeType: nil))))
        try await withServer(gateway) { port, _ in
            try await withConnection(port) { connection in
                for _ in 0..<3 {
                    let file = try await connection.exchange(Raw.get(Self.path))
                    #expect(file?.body == "a")
                }
                let webhook = try await connection.exchange(Raw.post())
                #expect(webhook?.status == 200)
            }
        }
    }

    @Test func withoutFilesThereIsNothingAtThePath() async throws {
        try await withServer(TestGateway()) { port, _ in
            try await withConnection(port) { connection in
                let response = try await connection.exchange(Raw.get(Self.path))
                #expect(response?.status == 404)
            }
        }
    }

    @Test func fewFilesAreReadAtTheSameTime() async throws {
        let reads = MediaReads(source: Files(.gone))
        for _ in 0..<MediaReads.most { #expect(reads.begin()) }
        #expect(!reads.begin())
        reads.end()
        #expect(reads.begin())
    }
}
