/// Where a private server lives and how.
package struct PrivateClusterOptions: Sendable {
    /// The folder for data, socket and log. Created when missing; only one process may use it at a time, which the
    /// caller sees to.
    package var directory: String
    /// Removes the folder when the server ends.
    package var isTemporary: Bool
    /// Settings of postgresql.conf beyond ours.
    package var settings: [String: String]

    package init(directory: String, isTemporary: Bool = false, settings: [String: String] = [:]) {
        self.directory = directory
        self.isTemporary = isTemporary
        self.settings = settings
    }

    /// Durability is given up and room made for many connections: for servers whose data nobody needs tomorrow.
    package static let throwAwaySettings = [
        "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
        "max_connections": "200", "shared_buffers": "64MB",
    ]
}
