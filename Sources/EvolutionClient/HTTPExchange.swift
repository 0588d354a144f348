import AsyncHTTPClient
import EvolutionAPI
import FoundationEssentials
import Glibc
import HookgateCore
import NIOCore
import NIOHTTP1
import NIOPosix

/// One request and its answer over HTTP, with what can go wrong put into words.
struct HTTPExchange: Sendable {
    let base: String
    let key: String?
    let options: EvolutionClientOptions

    /// One for the whole process, so that nobody has to close it. It follows no redirect: that would turn a set into a
    /// read, and look like success.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    func send(_ request: EvolutionRequest) async throws(EvolutionFailure) -> EvolutionAnswer {
        var message = HTTPClientRequest(url: base + request.path)
        message.method = HTTPMethod(rawValue: request.method.rawValue)
        if let key { message.headers.add(name: "apikey", value: key) }
        if let body = request.body {
            message.headers.add(name: "content-type", value: "application/json")
            message.body = .bytes(ByteBuffer(bytes: body))
        }
        do {
            let response = try await Self.http.execute(message, timeout: timeout(for: request))
            return EvolutionAnswer(
                status: Int(response.status.code),
                body: Array(try await response.body.collect(upTo: options.longestAnswer).readableBytesView))
        } catch {
            throw failure(error)
        }
    }

    private func timeout(for request: EvolutionRequest) -> TimeAmount {
        let timeout =
            switch request.patience {
            case .brief where request == .welcome: options.welcomeTimeout
            case .brief: options.briefTimeout
            case .long: options.longTimeout
            }
        return TimeAmount(timeout)
    }

    /// Sorted by whether the server may have seen the request. An error's own text is never used: it may hold the URL.
    private func failure(_ error: any Error) -> EvolutionFailure {
        switch error {
        case let error as HTTPClientError where error == .connectTimeout:
            .unreachable("no connection within 5 seconds")
        case let error as HTTPClientError where error == .getConnectionFromPoolTimeout:
            .unreachable("no connection was free")
        case let error as HTTPClientError where error == .invalidURL || error == .emptyHost || error == .emptyScheme:
            .unreachable("its URL is not valid")
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            .unanswered("no answer in time")
        case let error as HTTPClientError: .unanswered(error.shortDescription)
        case is NIOConnectionError: .unreachable("nothing listens there, or its name is not known")
        case is NIOTooManyBytesError: .answerTooLarge(limitBytes: options.longestAnswer)
        case let error as IOError where error.errnoCode == ECONNREFUSED: .unreachable("nothing listens there")
        case let error as IOError: .unanswered(String(cString: strerror(error.errnoCode)))
        case is CancellationError: .unanswered("the call was cancelled")
        case let error where "\(type(of: error))".contains("SSL"): .unreachable("TLS failed; is it https there?")
        default: .unanswered("\(type(of: error))")
        }
    }
}
