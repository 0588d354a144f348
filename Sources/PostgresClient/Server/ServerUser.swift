import FoundationEssentials
import Glibc

/// As whom a private server runs.
package struct ServerUser: Sendable {
    /// Set when we are root: PostgreSQL refuses to run as root.
    private let dropTo: (user: uid_t, group: gid_t)?

    /// The user to drop to as root, or else the user we are.
    package static func current() throws(PrivateClusterError) -> ServerUser {
        guard geteuid() == 0 else { return ServerUser(dropTo: nil) }
        guard let entry = getpwnam("postgres") else {
            throw PrivateClusterError(
                "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as. Install Debian's "
                    + "package `postgresql`, or start hookgate as another user."
            )
        }
        return ServerUser(dropTo: (entry.pointee.pw_uid, entry.pointee.pw_gid))
    }

    /// The command line that runs `arguments` as this user.
    ///
    /// The switch is left to `setpriv`, after exec: between fork and exec a switch of user deadlocks now and then,
    /// because the C library then waits for threads that exist only in the parent.
    package func command(_ arguments: [String]) -> [String] {
        guard let dropTo else { return arguments }
        return ["setpriv", "--reuid=\(dropTo.user)", "--regid=\(dropTo.group)", "--clear-groups"] + arguments
    }

    /// Makes the folder, closed to everyone but this user.
    package func prepare(_ directory: String) throws(PrivateClusterError) {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        } catch {
            throw PrivateClusterError("The folder \(directory) for PostgreSQL cannot be made: \(error)")
        }
        if let dropTo, chown(directory, dropTo.user, dropTo.group) != 0 { throw Self.failure("chown", directory) }
        if chmod(directory, 0o700) != 0 { throw Self.failure("chmod", directory) }
    }

    private static func failure(_ call: String, _ directory: String) -> PrivateClusterError {
        PrivateClusterError("\(call) of the folder \(directory) failed: \(String(cString: strerror(errno)))")
    }
}
