import HookgateCore
import HookgateTestSupport
import Logging
import PostgresClient

@testable import Console
@testable import HookgateCommands

/// A console as `hookgate serve` wires it, over a database of its own, with a fleet of two organizations.
struct TestConsole {
    struct Organization {
        let id: OrganizationID
        let clinic: ClinicID
        let integration: IntegrationID
        let instance: String
        /// One that is held back and one that is parked.
        let events: [EventID]

        /// Of its integration's token.
        let fingerprint: String
        /// Where its events go to.
        let host: String

        /// What nobody but its own may see.
        var marks: [String] {
            [id.text, clinic.text, integration.text, instance, fingerprint, host] + events.map(\.text)
        }
    }

    static let configuredToken = "a token of the configuration"

    let database: TestDatabase
    let assembly: ConsoleAssembly
    let ours: Organization
    let others: Organization

    static func with(
        settings: [String: String] = ["HOOKGATE_ADMIN_TOKEN": configuredToken],
        _ body: (TestConsole) async throws -> Void
    ) async throws {
        try await withSchema { database in try await over(database, settings: settings, body) }
    }

    /// Over a database that has the schema already.
    static func over(
        _ database: TestDatabase, settings: [String: String] = ["HOOKGATE_ADMIN_TOKEN": configuredToken],
        _ body: (TestConsole) async throws -> Void
    ) async throws {
        var environment = settings
        environment["DATABASE_URL"] = database.url
        environment["HOOKGATE_DATA_DIR"] = "/nonexistent"
        let configuration = try ConfigurationResolver(environment: environment).configuration()
        let assembly = try ConsoleAssembly(
            configuration, databaseURL: database.url, directURL: database.url, reporting: WellGateway(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let console = TestConsole(
            database: database, assembly: assembly, ours: try await addOrganization("ours", database),
            others: try await addOrganization("others", database))
        do {
            try await body(console)
            await assembly.close()
        } catch {
            await assembly.close()
            throw error
        }
    }

    private static func addOrganization(_ name: String, _ database: TestDatabase) async throws -> Organization {
        let rows = try await database.pool.query(
            """
            INSERT INTO healthcare.integrations (organization_id, clinic_id, type, provider, status, config, enabled)
            VALUES (gen_random_uuid(), gen_random_uuid(), 'whatsapp', 'evolution', $1 || '-status',
                jsonb_build_object('instance_name', 'instance-of-' || $1), true)
            RETURNING organization_id::text AS organization, clinic_id::text AS clinic, id::text AS integration,
                left(encode(sha256(convert_to(webhook_token, 'UTF8')), 'hex'), 8) AS fingerprint
            """, [name])
        guard let organization = OrganizationID(try rows[0].decode("organization")),
            let clinic = ClinicID(try rows[0].decode("clinic")),
            let integration = IntegrationID(try rows[0].decode("integration"))
        else { throw BrokenPromise("an id is none") }
        let instance = "instance-of-\(name)"
        let stored = StoredEvents(database)
        let body =
            #"{"event":"messages.upsert","instance":"\#(instance)","data":{"message":{"conversation":"Tenho dor"}}}"#
        let events = [
            try await stored.add(.quarantined, clinic: clinic, organization: organization, body: body),
            try await stored.add(.parked, clinic: clinic, organization: organization, body: body),
        ]
        try await database.pool.query(
            "UPDATE hookgate.events SET instance_name = $1 WHERE organization_id = $2", [instance, organization.uuid])
        let host = "backend-of-\(name).example.org"
        try await database.pool.query(
            "INSERT INTO hookgate.destinations (id, kind, url) VALUES ('organization:' || $1::uuid, 'webhook', $2)",
            [organization.uuid, "https://\(host)/in"])
        return Organization(
            id: organization, clinic: clinic, integration: integration, instance: instance, events: events,
            fingerprint: try rows[0].decode("fingerprint"), host: host)
    }

    /// Makes a key.
    func key(_ role: AccessRole, of organization: OrganizationID? = nil) async throws -> String {
        let secret = AccessSecret.random(.key)
        let name = "\(role.rawValue) of \(organization?.text ?? "all")"
        guard let draft = AccessKeyDraft(name: name, role: role, organization: organization) else {
            throw BrokenPromise("a key's name is none")
        }
        _ = try await assembly.keys.create(draft, secret, by: "test", at: TimeSource.system.now)
        return secret.secretText
    }

    /// Makes a user.
    func user(_ name: String, _ role: AccessRole, _ scope: AccessScope = .everything) async throws -> UserRecord {
        let act = AccessAct(by: "test", at: TimeSource.system.now, hasConfiguredToken: true)
        guard let draft = UserDraft(UserName(kept: name), role: role, scope: scope),
            let user = try await assembly.site.parts.users.create(draft, act)
        else { throw BrokenPromise("a user's name is none, or taken") }
        return user
    }

    /// Makes a key of a user's own.
    func personalKey(of user: UserRecord) async throws -> String {
        let secret = AccessSecret.random(.key)
        guard let draft = AccessKeyDraft(name: "key of \(user.name.text)", of: user) else {
            throw BrokenPromise("a key's name is none")
        }
        _ = try await assembly.keys.create(draft, secret, by: "test", at: TimeSource.system.now)
        return secret.secretText
    }

    /// Sends one request, as the gateway hands it over.
    func send(
        _ method: String, _ target: String, headers: [(String, String)] = [], body: String = ""
    ) async -> ConsoleResponse {
        await assembly.site.respond(
            to: ConsoleRequest(
                method: method, target: target, headers: headers.map { (name: $0.0, value: $0.1) },
                body: Array(body.utf8), peer: "10.0.0.1"))
    }

    /// As a program does.
    func api(
        _ method: String, _ path: String, key: String, _ body: String = "{}", headers: [(String, String)] = []
    ) async -> ConsoleResponse {
        let own = [("authorization", "Bearer \(key)"), ("content-type", "application/json")]
        return await send(method, "/api/v1\(path)", headers: own + headers, body: method == "GET" ? "" : body)
    }

    /// Signs in as a browser does, and gives its cookie and the token of its forms.
    func signIn(with key: String) async throws -> Browser {
        let form = await send("GET", "/login")
        let answer = await send(
            "POST", "/login",
            headers: [
                ("content-type", "application/x-www-form-urlencoded"), ("cookie", form.cookie ?? ""),
            ], body: "form_token=\(form.formToken ?? "")&key=\(key)")
        guard answer.status == 303, let cookie = answer.cookie else {
            throw BrokenPromise("signing in is answered \(answer.status)")
        }
        let page = await send("GET", "/", headers: [("cookie", cookie)])
        guard let formToken = page.formToken else { throw BrokenPromise("the first page has no form") }
        return Browser(console: self, cookie: cookie, formToken: formToken)
    }
}

/// Somebody who is signed in.
struct Browser {
    let console: TestConsole
    let cookie: String
    let formToken: String

    func get(_ target: String) async -> ConsoleResponse {
        await console.send("GET", target, headers: [("cookie", cookie)])
    }

    func post(_ target: String, _ fields: String) async -> ConsoleResponse {
        await console.send(
            "POST", target,
            headers: [("cookie", cookie), ("content-type", "application/x-www-form-urlencoded")],
            body: "form_token=\(formToken)&\(fields)")
    }
}

extension ConsoleResponse {
    var text: String {
        if case .bytes(let bytes) = body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

    /// The first cookie that it sets, as it is sent back.
    var cookie: String? { header("set-cookie").map { String($0.prefix { $0 != ";" }) } }

    /// The token in its first form.
    var formToken: String? {
        guard let start = text.firstRange(of: #"name="form_token" value=""#) else { return nil }
        return String(text[start.upperBound...].prefix { $0 != "\"" })
    }
}

private struct WellGateway: GatewayReporting {
    func readiness() -> Readiness { Readiness(parts: [.init(name: "spool", state: .ok)]) }

    func samples() -> [MetricSample] { [] }
}
