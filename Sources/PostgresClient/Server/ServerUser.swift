import FoundationEssentials
import Glibc
import Subprocess

/// As whom a private server runs.
struct ServerUser: Sendable {
    /// Set when we are root: PostgreSQL refuses to run as root.
    private let dropTo: (user: uid_t, group: gid_t)?

    static func current() throws(PrivateClusterError) -> ServerUser {
        guard geteuid() == 0 else { return ServerUser(dropTo: nil) }
        guard let entry = getpwnam("postgres") else {
            throw PrivateClusterError(
                "PostgreSQL refuses to run as root, and there is no user `postgres` to run it as. Install Debian's "
                    + "package `postgresql`, or start hookgate as another user."
            )
        }
        return ServerUser(dropTo: (entry.pointee.pw_uid, entry.pointee.pw_gid))
    }

    var platformOptions: PlatformOptions {
        var options = PlatformOptions()
        // In a session of its own, so that Ctrl-C in a terminal reaches us and not the server.
        options.createSession = true
        if let dropTo {
            options.userID = dropTo.user
            options.groupID = dropTo.group
            options.supplementaryGroups = [dropTo.group]
        }
        return options
    }

    /// Makes the folder, closed to everyone but this user.
    func prepare(_ directory: String) throws(PrivateClusterError) {
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
