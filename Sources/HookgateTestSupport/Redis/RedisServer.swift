import FoundationEssentials
import Glibc
import PostgresClient

/// A private Redis that a test has for itself, and may stop, wake and kill.
package final class RedisServer: Sendable {
    package let socket: String
    private let process: ServerProcess
    private let folder: String

    /// - Parameters:
    ///   - socket: where it listens; in a folder of its own when nil.
    ///   - password: what it asks for, when given.
    ///   - usesTLS: whether it listens with TLS on a port as well.
    package init(socket: String? = nil, password: String = "", usesTLS: Bool = false) async throws {
        let user = try ServerUser.current()
        self.folder = try TestCluster.makeFolder(prefix: "hookgate-redis")
        try user.prepare(self.folder)
        self.socket = socket ?? self.folder + "/redis.sock"
        self.process = ServerProcess(
            "Redis", program: Self.program,
            arguments: [self.folder, self.socket, password, usesTLS ? "tls" : "plain"], user: user)
        _ = try await self.process.start()
    }

    /// The client's URL of its socket.
    package var url: String { "redis+unix://" + self.socket }

    /// The port with TLS, and the authority that signed its certificate.
    package func encrypted() throws -> (port: Int, authority: String) {
        (try self.number(in: "port"), self.folder + "/ca.pem")
    }

    /// It hangs: connections are accepted, and nothing is answered.
    package func suspend() throws { _ = Glibc.kill(try self.pid(), SIGSTOP) }

    package func resume() throws { _ = Glibc.kill(try self.pid(), SIGCONT) }

    /// It dies at once, as with `kill -9`; what it held is gone.
    package func die() throws { _ = Glibc.kill(try self.pid(), SIGKILL) }

    /// Ends it, if it has not died, and what it left.
    package func stop() async { await self.process.stop() }

    private func pid() throws -> pid_t { pid_t(try self.number(in: "pid")) }

    private func number(in file: String) throws -> Int {
        let bytes = FileManager.default.contents(atPath: "\(self.folder)/\(file)") ?? Data()
        guard let number = Int(String(decoding: bytes.prefix { $0 >= 0x30 }, as: UTF8.self)) else {
            throw TestSupportError("the private Redis left no \(file)")
        }
        return number
    }

    private static let program = #"""
        trap '' PIPE HUP INT TERM
        folder=$1 socket=$2 password=$3 mode=$4
        umask 077
        cd "$folder" || { echo "hookgate:failed the folder $folder cannot be entered"; exit 1; }
        start() {
            (trap - PIPE HUP INT TERM
                exec redis-server --port 0 --unixsocket "$socket" --dir "$folder" --save '' --appendonly no \
                    ${password:+--requirepass "$password"} "$@") >log 2>&1 &
            redis=$!
            echo $redis >pid
            until redis-cli -s "$socket" ping >/dev/null 2>&1; do
                kill -0 $redis 2>/dev/null || return 1
                sleep 0.05
            done
        }
        certify() {
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.pem &&
                openssl req -newkey rsa:2048 -nodes -subj /CN=localhost -keyout key.pem -out request.pem &&
                echo 'subjectAltName=DNS:localhost,IP:127.0.0.1' >names &&
                openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
                    -out certificate.pem
        }
        if [ "$mode" = tls ]; then
            certify >log 2>&1 || { cat log; echo "hookgate:failed no certificate could be made"; exit 1; }
            # Below the ports that the system gives out by itself; another one where somebody listens already.
            for port in $(shuf -i 20000-32000 -n 5); do
                echo $port >port
                start --tls-port $port --tls-cert-file certificate.pem --tls-key-file key.pem \
                    --tls-ca-cert-file ca.pem --tls-auth-clients no --bind 127.0.0.1 && break
            done
        else
            start
        fi
        kill -0 $redis 2>/dev/null || { cat log; echo "hookgate:failed it ended at once"; rm -rf "$folder"; exit 1; }
        echo "hookgate:socket $folder"
        echo "hookgate:ready"
        cat >/dev/null
        kill -KILL $redis 2>/dev/null
        cd / && rm -rf "$folder"
        """#
}

/// Runs `body` with a Redis of its own.
package func withRedis<T>(
    password: String = "", usesTLS: Bool = false, _ body: (RedisServer) async throws -> T
) async throws -> T {
    let server = try await RedisServer(password: password, usesTLS: usesTLS)
    do {
        let value = try await body(server)
        await server.stop()
        return value
    } catch {
        await server.stop()
        throw error
    }
}
