package import HookgateCore

extension Probe {
    /// How many integrations are looked at for one that would take an event now.
    private static let mostCandidates = 100

    /// Posts one signed probe to an instance's old URL, and follows it into this database: it shows that traffic on old
    /// URLs arrives here. Throws ``ProbeFailure`` with the reason at the first step that fails.
    /// - Returns: the instance it was tried with; nil where no integration would take an event.
    package func runOldRoute(at base: PublicURL, nonce: String) async throws -> InstanceName? {
        guard let (name, entry) = try await candidate() else { return nil }
        let id = try await post(to: base.webhookURL(instance: name), nonce: nonce, expecting: entry)
        _ = try await confirm(try await waitForInbox(id), entry)
        return name
    }

    private func candidate() async throws -> (InstanceName, RoutingEntry)? {
        var names: [InstanceName] = []
        do {
            try await catalog.forEachPage(clinic: nil) { page in
                names += page.compactMap(\.instanceName)
                if names.count >= Self.mostCandidates { throw Enough() }
            }
        } catch is Enough {
            // The rest is not needed.
        }
        for name in names.prefix(Self.mostCandidates) {
            let fact = try await routing.fact(for: .instance(name))
            if case .deliverable(let entry) = Resolution(fact, at: time.now) { return (name, entry) }
        }
        return nil
    }

    /// Ends the reading of pages.
    private struct Enough: Error {}
}
