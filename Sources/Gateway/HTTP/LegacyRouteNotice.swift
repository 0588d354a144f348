package import FoundationEssentials

/// What every answer on the legacy route says of the route's end: `Deprecation` (RFC 9745) and `Sunset` (RFC 8594).
package struct LegacyRouteNotice: Sendable {
    /// 2025-10-20, the day the token route came.
    package static let deprecatedSince = Date(timeIntervalSince1970: 1_760_918_400)

    let headers: [Answer.Header]

    /// - Parameter sunset: when the route will be gone; not said until it is known.
    package init(deprecatedSince: Date = Self.deprecatedSince, sunset: Date? = nil) {
        var headers = [
            Answer.Header(name: "deprecation", value: "@\(Int64(deprecatedSince.timeIntervalSince1970))")
        ]
        if let sunset { headers.append(Answer.Header(name: "sunset", value: HTTPDate.text(sunset))) }
        self.headers = headers
    }
}
