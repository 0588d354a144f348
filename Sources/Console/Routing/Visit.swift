import FoundationEssentials
import HookgateCore

/// One request on its way through a route: what was asked, by whom, and what may be asked in turn.
struct Visit: Sendable {
    /// What the route calls its page.
    let title: String
    let request: PageRequest
    let parameters: [String: String]
    let visitor: Visitor
    /// Goes into every form of the page; empty where nobody is signed in.
    let formToken: String
    let parts: ConsoleParts

    var now: Date { self.parts.time.now }

    /// The one organization whose data this visitor may see; nil for all. Every list is narrowed by it, and whatever is
    /// looked up by an id is held against it.
    var scope: OrganizationID? { self.visitor.organization }

    /// Who it is, for the audit log.
    var actor: String { "\(self.visitor.name) (\(self.request.path.first == "api" ? "API" : "console"))" }

    /// A named part of the path.
    func parameter(_ name: String) -> String {
        guard let value = self.parameters[name] else {
            preconditionFailure("cannot read the part \(name) of a path that has none")
        }
        return value
    }

    /// Whether something may be shown that belongs to an organization, or to nobody.
    func sees(_ organization: OrganizationID?) -> Bool {
        self.scope == nil || self.scope == organization
    }

    /// A part of the path as an identifier. One that is none names nothing.
    func identifier<Subject>(_ name: String, of what: String) throws(ConsoleError) -> Identifier<Subject> {
        guard let id = Identifier<Subject>(self.parameter(name)) else {
            throw .notFound("There is no \(what) of that id.")
        }
        return id
    }

    /// A field of the query, read; a wrong one is the client's mistake.
    func query<Value>(_ name: String, _ what: String, _ read: (String) -> Value?) throws(ConsoleError) -> Value? {
        guard let text = self.request.query[name] else { return nil }
        guard let value = read(text) else { throw .badRequest("\(name) is not \(what).") }
        return value
    }

    /// `limit`, from 1 to the largest page.
    func limit(default usual: Int, largest: Int) throws(ConsoleError) -> Int {
        try self.query("limit", "a number from 1 to \(largest)") { text in
            Int(text).flatMap { (1...largest).contains($0) ? $0 : nil }
        } ?? usual
    }
}
