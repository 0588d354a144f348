import HookgateCore
import Testing

@testable import Console

struct RouteTableTests {
    private static let table = RouteTable(
        ["/", "/events", "/events/{id}", "/events/decide", "/events/{id}/reveal"].map { path in
            Route(path == "/events/decide" ? .post : .get, PathPattern(stringLiteral: path), .open, page: path) { _ in
                .seeOther("/")
            }
        })

    @Test(arguments: [
        ("GET", "/", "/"), ("GET", "/events/", "/events"), ("GET", "/events/7", "/events/{id}"),
        ("POST", "/events/decide", "/events/decide"), ("HEAD", "/events/7/reveal", "/events/{id}/reveal"),
    ])
    func aRequestFindsItsRoute(method: String, path: String, pattern: String) {
        guard case .found(let route, let values) = Self.table.find(method, path.split(separator: "/").map(String.init))
        else {
            Issue.record("nothing found")
            return
        }
        #expect(route.pattern.text == pattern)
        #expect(values.values.allSatisfy { $0 == "7" })
    }

    @Test func anotherMethodIsSaidToBeOne() {
        guard case .otherMethods(let methods, false) = Self.table.find("DELETE", ["events"]) else {
            Issue.record("not said")
            return
        }
        #expect(methods == ["GET", "HEAD"])
    }

    @Test func aWordIsNoParameterWhateverTheMethod() {
        guard case .otherMethods(let methods, false) = Self.table.find("GET", ["events", "decide"]) else {
            Issue.record("not said")
            return
        }
        #expect(methods == ["POST"])
    }

    @Test func whatNobodyAddedIsNotThere() {
        guard case .nothing = Self.table.find("GET", ["nothing", "here", "at", "all"]) else {
            Issue.record("found")
            return
        }
    }
}
