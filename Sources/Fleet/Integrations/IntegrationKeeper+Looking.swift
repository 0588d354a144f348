package import HookgateCore

extension IntegrationKeeper {
    /// So many orphans are asked for their webhook.
    private static let mostOrphansAsked = 500

    /// What Evolution says of an integration, and who is logged in with its number.
    func look(
        at integration: IntegrationSummary, _ token: WebhookToken?
    ) async -> (view: EvolutionView, sharers: [NumberSharer]) {
        guard let name = integration.instanceName, !servers.all.isEmpty else { return (.notAsked, []) }
        switch await servers.place(of: name, on: integration.server) {
        case .nowhere: return (.absent, [])
        case .several(let names): return (.onSeveralServers(names), [])
        case .unknown(let server, let failure): return (.unknown(server: server, failure), [])
        case .on(let server, let connection):
            let finding = await webhook(of: name, on: server, token)
            let view = EvolutionView.present(server: server.name, connection: connection, webhook: finding)
            return (view, await sharers(of: name, on: server.name, integration.phoneNumber))
        }
    }

    private func webhook(
        of name: InstanceName, on server: any EvolutionServer, _ token: WebhookToken?
    ) async -> WebhookFinding {
        guard let token else { return .withoutToken }
        do throws(EvolutionFailure) {
            let settings = try await server.loadedWebhook(of: name).effective
            return WebhookFinding(settings, of: name, url: publicURL.webhookURL(token: token))
        } catch .instanceNotLoaded {
            return .notLoaded
        } catch {
            return .unknown(error)
        }
    }

    /// A server that does not answer shows nobody: this is a hint and no decision.
    private func sharers(of name: InstanceName, on server: String, _ phone: String?) async -> [NumberSharer] {
        let listed = await servers.listed().instances
        let own = listed.first { $0.server == server && $0.instance.name == name }?.instance.owner
        guard let number = own ?? phone.flatMap({ PhoneNumber($0) }) else { return [] }
        return listed.filter { entry in
            (entry.server != server || entry.instance.name != name) && entry.instance.owner == number
                && [.open, .connecting].contains(entry.instance.connection)
        }.map {
            NumberSharer(
                server: $0.server, instance: $0.instance.name, connection: $0.instance.connection, integrationID: nil)
        }
    }

    /// The same with the integrations that name them.
    func named(_ sharers: [NumberSharer]) async throws -> [NumberSharer] {
        guard !sharers.isEmpty else { return [] }
        let known = try await store.known(sharers.map(\.instance)).integrations
        return sharers.map {
            NumberSharer(
                server: $0.server, instance: $0.instance, connection: $0.connection,
                integrationID: known[$0.instance])
        }
    }

    package func orphans() async throws -> OrphanReport {
        let (listed, unanswered) = await servers.listed()
        guard unanswered.isEmpty else { return OrphanReport(orphans: [], unanswered: unanswered) }
        let known = try await store.known(listed.map(\.instance.name))
        let strangers = listed.filter { known.integrations[$0.instance.name] == nil }.sorted {
            ($0.instance.name, $0.server) < ($1.instance.name, $1.server)
        }
        var orphans: [OrphanInstance] = []
        for (server, instance) in strangers {
            let owner = orphans.count < Self.mostOrphansAsked ? await owner(of: instance.name, on: server) : .unread
            orphans.append(
                OrphanInstance(
                    server: server, instance: instance.name, connection: instance.connection, owner: owner,
                    isInLegacyTables: known.legacy.contains(instance.name)))
        }
        return OrphanReport(orphans: orphans, unanswered: [])
    }

    private func owner(of name: InstanceName, on server: String) async -> OrphanInstance.Owner {
        guard let webhook = try? await servers[server]?.webhook(of: name) else { return .unread }
        let settings = webhook.effective
        if !settings.isEnabled || settings.url.isEmpty { return .nobody }
        return isOurs(settings.url) ? .ours : .elsewhere
    }

    /// Whether a URL leads to this installation.
    func isOurs(_ url: String) -> Bool {
        url.lowercased().hasPrefix(publicURL.text.lowercased() + "/webhooks/")
    }
}
