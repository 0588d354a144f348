import HookgateCore

/// The steps that a creation and a deletion share: what is done at the server, and how it is made sure of.
struct LifeStepper: Sendable {
    let server: any EvolutionServer
    let store: any IntegrationStore
    let instance: InstanceName
    /// Whether a URL leads to this installation.
    let isOurs: @Sendable (String) -> Bool
    let time: TimeSource
    let pause: @Sendable (Duration) async throws -> Void
    let willTake: @Sendable (String) throws -> Void

    /// When a change is looked for: releases answer before they have written it.
    static let looks: [Duration] = [.zero, .milliseconds(250), .seconds(1), .seconds(3)]
    /// How often a change is sent that does not show.
    static let mostTries = 2
    /// When a webhook is read that says nothing of what may stand there: an answer may be older than the last change.
    static let doubts: [Duration] = [.zero, .seconds(1)]

    /// Nil where the server has no such instance.
    func connection() async throws(EvolutionFailure) -> EvolutionConnection? {
        do throws(EvolutionFailure) {
            return try await server.connection(of: instance)
        } catch .instanceUnknown {
            return nil
        }
    }

    /// Whether a server that answers as if it had no such instance has it all the same: not loaded, or wrongly denied.
    private func isListed() async throws(EvolutionFailure) -> Bool {
        try await server.instances().contains { $0.name == instance }
    }

    func record(
        _ state: LifeState, _ life: inout IntegrationLife, _ change: (inout IntegrationLife) -> Void = { _ in }
    ) async throws {
        try willTake("record \(state.rawValue)")
        var next = life
        change(&next)
        next.state = state
        next.changedAt = time.now
        try await store.advance(next)
        life = next
    }

    func end(
        _ life: IntegrationLife, as state: LifeState, deletingRow: Bool, reason: String? = nil
    ) async throws {
        try willTake("end as \(state.rawValue)")
        try await store.end(life, as: state, deletingRow: deletingRow, reason: reason, at: time.now)
    }

    enum Removal: Equatable {
        /// The server says that it has no such instance.
        case gone
        /// Its webhook leads to another installation: not ours to delete.
        case foreign
        case failed(EvolutionFailure)
    }

    /// Deletes the instance and makes sure that it is gone: neither answered for nor listed.
    func remove() async throws -> Removal {
        var failure = EvolutionFailure.unanswered("it answers that the instance is deleted, and still has it")
        for _ in 0..<Self.mostTries {
            try willTake("look before deleting")
            do throws(EvolutionFailure) {
                let connection = try await self.connection()
                if connection == nil, try await !isListed() { return .gone }
                if try await isForeign() { return .foreign }
                try await logOutAndDelete(connection)
            } catch {
                failure = error
                guard error.leavesOutcomeOpen || error == .instanceUnknown(instance) else { return .failed(error) }
            }
            for wait in Self.looks {
                if wait > .zero { try await pause(wait) }
                try willTake("look after deleting")
                do throws(EvolutionFailure) {
                    if try await connection() == nil, try await !isListed() { return .gone }
                } catch {
                    failure = error
                }
            }
        }
        return .failed(failure)
    }

    /// An instance that is not loaded cannot be asked for its webhook by every release; it counts as ours, since our row
    /// names it.
    private func isForeign() async throws(EvolutionFailure) -> Bool {
        let settings: EvolutionWebhookSettings
        do throws(EvolutionFailure) {
            settings = try await server.webhook(of: instance).effective
        } catch .instanceNotLoaded {
            return false
        }
        return settings.isEnabled && !settings.url.isEmpty && !isOurs(settings.url)
            && WebhookURLKind(settings.url, instance: instance) != .legacy
    }

    /// Releases before 1.8.4 delete no instance that is connected.
    private func logOutAndDelete(_ connection: EvolutionConnection?) async throws(EvolutionFailure) {
        if connection == .open {
            do throws(EvolutionFailure) {
                try await server.logOut(instance)
            } catch {
                // A later release logs out by itself; whether this one does shows when it deletes.
                guard case .refused = error else { throw error }
            }
        }
        try await server.delete(instance)
    }

    /// Sends settings until they show.
    /// - Parameter overridesOthers: for an instance that was just made. Elsewhere, whoever sets another URL meanwhile
    ///   keeps it.
    func settle(
        _ wanted: EvolutionWebhookSettings, overridesOthers: Bool = false
    ) async throws -> Settlement {
        var sets = 0
        while true {
            var parts: [EvolutionWebhookSettings.Part] = []
            var isAnother = false
            var failure: EvolutionFailure?
            for wait in Self.looks {
                if wait > .zero { try await pause(wait) }
                try willTake("read the webhook")
                do throws(EvolutionFailure) {
                    let there = try await server.webhook(of: instance).effective
                    parts = there.differences(from: wanted).filter { $0 != .others }
                    if parts.isEmpty { return .shown }
                    isAnother = there.isEnabled && !there.url.isEmpty && !isOurs(there.url)
                    if isAnother, !overridesOthers { return .taken }
                    failure = nil
                } catch {
                    failure = error
                    guard error.isPassing || error.leavesOutcomeOpen else { return .failed(error) }
                }
                // Before the first set there is nothing to wait for.
                if sets == 0 { break }
            }
            guard sets < Self.mostTries else {
                if let failure { return .failed(failure) }
                return isAnother ? .taken : .different(parts)
            }
            sets += 1
            try willTake("set the webhook")
            do throws(EvolutionFailure) {
                try await server.setWebhook(wanted, of: instance)
            } catch {
                guard error.leavesOutcomeOpen else { return .failed(error) }
            }
        }
    }

    enum Settlement: Equatable {
        case shown
        /// Another URL than ours stands there.
        case taken
        case different([EvolutionWebhookSettings.Part])
        case failed(EvolutionFailure)
    }
}
