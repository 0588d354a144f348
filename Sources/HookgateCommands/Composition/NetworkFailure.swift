import AsyncHTTPClient
import Glibc
import NIOCore
import NIOPosix

/// The kind of a network error alone: an error's own text may hold the URL, and the URL a secret.
enum NetworkFailure {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .invalidURL: "the URL is not valid"
        case let error as HTTPClientError: error.shortDescription
        case is NIOConnectionError: "no connection"
        case let error as IOError: String(cString: strerror(error.errnoCode))
        case let error where "\(type(of: error))".contains("SSL"): "TLS failed (is it https there?)"
        default: "\(type(of: error))"
        }
    }
}
