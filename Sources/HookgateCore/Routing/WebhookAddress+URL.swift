extension WebhookAddress {
    private static let pathStart = "/webhooks/"

    /// Reads a whole URL, as it stands in Evolution's settings. What comes before the webhook's path does not matter:
    /// the host, and the prefix that a proxy takes off. Nil when this is no webhook URL.
    package init?(url: String) {
        guard let scheme = url.firstRange(of: "://"),
            let start = url[scheme.upperBound...].firstRange(of: Self.pathStart)?.lowerBound
        else { return nil }
        self.init(requestTarget: String(url[start...]))
    }
}
