import AsyncHTTPClient
import Glibc
import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// What went wrong before there was an answer, by kind alone: an error's own text may hold the URL.
enum SendFailure: Error {
    case nameResolution
    /// The name stands for no address that this destination may have.
    case forbiddenAddress

    static func result(_ error: any Error) -> AttemptResult {
        switch error {
        case SendFailure.nameResolution: .connectionFailed(.nameResolution)
        case SendFailure.forbiddenAddress: .forbiddenAddress
        case let error as HTTPClientError: result(error)
        case let error as NIOConnectionError: result(error)
        case let error as IOError: result(errno: error.errnoCode)
        case ChannelError.connectTimeout: .timedOut
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError: .connectionFailed(.tls)
        // The connection ended amid an answer.
        case HTTPParserError.invalidEOFState: .connectionFailed(.reset)
        case is HTTPParserError: .connectionFailed(.protocolViolation)
        case is ChannelError: .connectionFailed(.reset)
        case is CancellationError: .timedOut
        default: .connectionFailed(.other)
        }
    }

    private static func result(_ error: HTTPClientError) -> AttemptResult {
        switch error {
        case .invalidURL, .emptyHost, .emptyScheme: .unsendable(.invalidAddress)
        case .connectTimeout, .deadlineExceeded, .readTimeout, .writeTimeout, .cancelled, .getConnectionFromPoolTimeout:
            .timedOut
        case .tlsHandshakeTimeout: .connectionFailed(.tls)
        case .remoteConnectionClosed: .connectionFailed(.reset)
        default: .connectionFailed(.other)
        }
    }

    /// Of several addresses of a host the last one's reason is as good as any.
    private static func result(_ error: NIOConnectionError) -> AttemptResult {
        guard let last = error.connectionErrors.last?.error else { return .connectionFailed(.nameResolution) }
        if let last = last as? IOError { return result(errno: last.errnoCode) }
        return result(last)
    }

    private static func result(errno code: CInt) -> AttemptResult {
        switch code {
        case ECONNREFUSED: .connectionFailed(.refused)
        case EHOSTUNREACH, ENETUNREACH, EADDRNOTAVAIL: .connectionFailed(.unreachable)
        case ECONNRESET, EPIPE, ECONNABORTED: .connectionFailed(.reset)
        case ETIMEDOUT: .timedOut
        default: .connectionFailed(.other)
        }
    }
}
