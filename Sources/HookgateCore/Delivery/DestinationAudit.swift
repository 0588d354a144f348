/// What the audit log keeps of a destination: no secret, and of its address the server alone.
package struct DestinationAudit: Encodable {
    let to: String?
    let format: String
    let media: String
    let isPaused: Bool
    let secrets: Int

    package init(_ record: DestinationRecord) {
        self.to = record.kind?.masked
        self.format = record.format.rawValue
        self.media = record.media.rawValue
        self.isPaused = record.isPaused
        self.secrets = record.secrets?.secrets.count ?? 0
    }
}

extension Destination.Kind {
    /// An address for eyes and logs: a web server without path and password, a stream without its server.
    package var masked: String {
        switch self {
        case .webhook(let url):
            guard let parsed = try? DeliveryURL(url) else { return "***" }
            return parsed.path.isEmpty && parsed.query.isEmpty ? parsed.origin : "\(parsed.origin)/…"
        case .redisStream(let target): return "redis stream \(target.prefix)"
        case .standardOutput: return "standard output"
        }
    }
}

extension DeliveryURL {
    /// Whether it names a machine of a private network, as far as its text says. What a name means is looked at before
    /// each connection.
    package var isPrivate: Bool { IPAddress(host)?.isPublic == false || host == "localhost" }
}
