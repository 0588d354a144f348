import HookgateCore
import Synchronization

/// Whose share of the gateway a webhook takes: its integration's, whichever address it came to.
enum Tenant: Hashable, Sendable {
    case integration(IntegrationID)
    /// Nobody knows yet whose it is; each address by itself.
    case address(RoutingKey)
    /// Tokens that no integration has, said by a table that is complete and live: all who guess share one share.
    case strangers
}

/// Bounds what each integration may have in progress, so that a slow or huge one takes its own share and nobody else's.
///
/// A connection is nobody's: one Evolution server sends the webhooks of all its instances over the same ones. What is
/// bounded is webhooks from their head until their body is out of memory, and the bytes of these bodies. Who has nothing
/// in progress takes no room here.
final class TenantBudget: Sendable {
    private struct Usage {
        var requests = 0
        var bytes = 0

        mutating func begin(limit: Int) -> Bool {
            guard self.requests < limit else { return false }
            self.requests += 1
            return true
        }

        mutating func take(_ count: Int, limit: Int) -> Bool {
            guard self.bytes + count <= limit || self.requests == 1 else { return false }
            self.bytes += count
            return true
        }
    }

    private let requestLimit: Int
    private let byteLimit: Int
    private let usages = Mutex<[Tenant: Usage]>([:])

    init(requestLimit: Int, byteLimit: Int) {
        self.requestLimit = requestLimit
        self.byteLimit = byteLimit
    }

    /// Tenants with something in progress.
    var count: Int { self.usages.withLock { $0.count } }

    /// Nil when the tenant has as many webhooks in progress as it may.
    func begin(_ tenant: Tenant) -> TenantLease? {
        let isBegun = self.usages.withLock { $0[tenant, default: Usage()].begin(limit: self.requestLimit) }
        return isBegun ? TenantLease(tenant, self) : nil
    }

    /// False, and nothing taken, when the bound would be passed. A tenant's only webhook always passes: a body that is
    /// longer than the share is bounded by the length of bodies, and would be refused again at every try.
    fileprivate func take(_ bytes: Int, for tenant: Tenant) -> Bool {
        self.usages.withLock { $0[tenant, default: Usage()].take(bytes, limit: self.byteLimit) }
    }

    fileprivate func give(_ bytes: Int, of tenant: Tenant) {
        self.usages.withLock { $0[tenant]?.bytes -= bytes }
    }

    fileprivate func end(_ tenant: Tenant, bytes: Int) {
        self.usages.withLock { usages in
            guard var usage = usages[tenant] else { return }
            usage.requests -= 1
            usage.bytes -= bytes
            usages[tenant] = usage.requests > 0 ? usage : nil
        }
    }
}

/// What one webhook takes of its tenant's share, until it is ended or forgotten.
final class TenantLease: Sendable {
    private let tenant: Tenant
    private let budget: TenantBudget
    /// What it holds; nil once it has ended.
    private let bytes = Mutex<Int?>(0)

    fileprivate init(_ tenant: Tenant, _ budget: TenantBudget) {
        self.tenant = tenant
        self.budget = budget
    }

    deinit { self.end() }

    /// False, and nothing taken, when the tenant's bytes are at their bound.
    func take(_ count: Int) -> Bool {
        self.bytes.withLock { held in
            guard let before = held, self.budget.take(count, for: self.tenant) else { return false }
            held = before + count
            return true
        }
    }

    /// Gives back what has left the memory.
    func give(_ count: Int) {
        self.bytes.withLock { held in
            guard let before = held else { return }
            let count = min(count, before)
            self.budget.give(count, of: self.tenant)
            held = before - count
        }
    }

    /// Gives everything back; the second time nothing.
    func end() {
        self.bytes.withLock { held in
            guard let before = held else { return }
            self.budget.end(self.tenant, bytes: before)
            held = nil
        }
    }
}
