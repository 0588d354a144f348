import HookgateCore

/// What pages load: one stylesheet, one script, one icon, all in the program. The address holds a digest of the
/// contents, so a browser may keep each for good.
struct Assets: Sendable {
    static let stylesheet = Assets("console.css", "text/css; charset=utf-8", PackageResources.console_css)
    static let script = Assets("console.js", "text/javascript; charset=utf-8", PackageResources.console_js)
    static let icon = Assets("icon.svg", "image/svg+xml", PackageResources.icon_svg)

    let name: String
    let contentType: String
    let bytes: [UInt8]
    let path: String

    private init(_ name: String, _ contentType: String, _ bytes: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.bytes = bytes
        self.path = "/assets/\(TokenDigest(of: String(decoding: bytes, as: UTF8.self)).fingerprint)/\(name)"
    }

    static let routes = [
        Route(.get, "/assets/{digest}/{name}", .open, .resource) { visit in
            guard
                let asset = [stylesheet, script, icon].first(where: {
                    $0.path == "/" + visit.request.path.joined(separator: "/")
                })
            else { throw ConsoleError.nothingHere }
            return Reply(status: 200, contentType: asset.contentType, body: .bytes(asset.bytes), isImmutable: true)
        }
    ]
}
