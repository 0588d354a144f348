import Dispatch
import Glibc
package import HookgateCore
import Synchronization

/// Asks the system for the addresses of a name, on threads of its own: the system's call blocks.
package enum SystemResolver {
    /// Names whose servers do not answer hold a thread for many seconds; more than so many are not asked for.
    private static let mostLookUps = 32
    private static let queue = DispatchQueue(label: "hookgate.resolver", attributes: .concurrent)
    private static let underWay = Mutex(0)

    /// Every address of the name, those of IPv4 first. Numbers in any notation are names too: what they mean is
    /// what a connection would go to.
    package static func addresses(of host: String) async throws -> [IPAddress] {
        let isAllowed = underWay.withLock { count in
            guard count < mostLookUps else { return false }
            count += 1
            return true
        }
        guard isAllowed else { throw SendFailure.nameResolution }
        let answer = Answer()
        queue.async {
            let addresses = lookUp(host)
            underWay.withLock { $0 -= 1 }
            answer.give(addresses)
        }
        let addresses = await withTaskCancellationHandler {
            await answer.value
        } onCancel: {
            answer.give([])
        }
        try Task.checkCancellation()
        guard !addresses.isEmpty else { throw SendFailure.nameResolution }
        return addresses
    }

    private static func lookUp(_ host: String) -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = list
        while let entry = next {
            if let address = address(entry.pointee), !addresses.contains(address) { addresses.append(address) }
            next = entry.pointee.ai_next
        }
        return addresses.filter { $0.bytes.count == 4 } + addresses.filter { $0.bytes.count == 16 }
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let pointer = UnsafeRawPointer(entry.ai_addr) else { return nil }
        switch entry.ai_family {
        case AF_INET:
            let address = pointer.loadUnaligned(as: sockaddr_in.self).sin_addr
            return withUnsafeBytes(of: address) { IPAddress(bytes: Array($0)) }
        case AF_INET6:
            let address = pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr
            return withUnsafeBytes(of: address) { IPAddress(bytes: Array($0)) }
        default: return nil
        }
    }

    /// What was answered first, by the system or by the end of waiting.
    private final class Answer: Sendable {
        private struct State {
            var addresses: [IPAddress]?
            var waiter: CheckedContinuation<[IPAddress], Never>?
        }

        private let state = Mutex(State())

        var value: [IPAddress] {
            get async {
                await withCheckedContinuation { continuation in
                    let known = state.withLock { state in
                        if state.addresses == nil { state.waiter = continuation }
                        return state.addresses
                    }
                    if let known { continuation.resume(returning: known) }
                }
            }
        }

        func give(_ addresses: [IPAddress]) {
            let waiter = state.withLock { state -> CheckedContinuation<[IPAddress], Never>? in
                guard state.addresses == nil else { return nil }
                state.addresses = addresses
                defer { state.waiter = nil }
                return state.waiter
            }
            waiter?.resume(returning: addresses)
        }
    }
}
