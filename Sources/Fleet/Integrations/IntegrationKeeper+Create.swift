import FoundationEssentials
package import HookgateCore

extension IntegrationKeeper {
    package func create(_ request: IntegrationRequest, actor: String) async throws -> IntegrationCreation {
        guard let name = InstanceNaming.name(clinic: request.clinic, label: request.label) else {
            throw IntegrationError.labelInvalid(request.label ?? "")
        }
        let server = try servers.chosen(request.server)
        let new = NewIntegration(
            id: IntegrationID(UUID()), organization: try await organization(for: request), clinic: request.clinic,
            displayName: request.displayName)
        if request.isDryRun {
            try await checkScope(of: request, name)
            return try await rehearse(new, name, on: server, request)
        }
        return try await exclusively(name) {
            try await checkScope(of: request, name)
            if let creation = try await creationUnderWay(of: name) { return creation }
            if let row = try await only(named: name, of: request.clinic), try await isPresent(row, name) {
                return IntegrationCreation(integration: row, outcome: .present)
            }
            let draft = LifeDraft(
                instance: name, server: server.name, adoptsConnected: request.adoptsConnected, actor: actor,
                now: time.now)
            try willTake("begin")
            return try await carryOn(
                try await store.beginCreation(draft, of: new, webhookBase: publicURL), as: new)
        }
    }

    /// What was left half done is brought to its end first. A creation that it ends is the one that was asked for; one
    /// that is taken back makes room for a new one.
    private func creationUnderWay(of name: InstanceName) async throws -> IntegrationCreation? {
        guard let life = try await store.openLife(of: name) else { return nil }
        guard life.kind == .create else { throw IntegrationError.deleting(name) }
        let creation = try await carryOn(life, as: nil)
        if case .takenBack = creation.outcome, life.state == .undoing { return nil }
        return creation
    }

    /// Takes a creation to its end.
    func carryOn(_ life: IntegrationLife, as new: NewIntegration?) async throws -> IntegrationCreation {
        let before = try await store.integration(life.integrationID) ?? new.map { Self.summary($0, life) }
        guard let before else {
            // Somebody has deleted the row meanwhile: there is nothing to make any more, but to take back.
            var orphaned = life
            orphaned.state = .undoing
            let summary = Self.summary(of: life)
            return IntegrationCreation(integration: summary, outcome: try await run(orphaned, token: nil))
        }
        let token = try await store.token(of: life.integrationID)
        guard token != nil || life.state == .undoing else { throw IntegrationError.withoutToken(life.integrationID) }
        let outcome = try await run(life, token: token)
        return IntegrationCreation(
            integration: try await store.integration(life.integrationID) ?? before, outcome: outcome)
    }

    private func run(_ life: IntegrationLife, token: WebhookToken?) async throws -> IntegrationCreation.Outcome {
        guard let server = servers[life.server] else {
            throw IntegrationError.serverUnknown(life.server, servers.all.map(\.name))
        }
        let secret = HeaderSecret(
            factors: secondFactors, policy: policy, integration: life.integrationID, actor: life.actor, time: time,
            random: random)
        var creation = CreationRun(
            stepper: stepper(for: life.instance, on: server), url: token.map { publicURL.webhookURL(token: $0) } ?? "",
            secret: secret, life: life)
        return try await creation.run()
    }

    func stepper(for name: InstanceName, on server: any EvolutionServer) -> LifeStepper {
        LifeStepper(
            server: server, store: store, instance: name, isOurs: { isOurs($0) }, time: time, pause: pause,
            willTake: willTake)
    }

    /// A row without a clinic is nobody else's.
    private func only(named name: InstanceName, of clinic: ClinicID) async throws -> IntegrationSummary? {
        let found = try await store.integrations(named: name)
        if found.count > 1 { throw IntegrationError.ambiguousName(found.map(\.id)) }
        if let row = found.first, let owner = row.clinicID, owner != clinic {
            throw IntegrationError.nameOfOther(name, row.id)
        }
        return found.first
    }

    /// Whether a row's instance is there as well. What cannot be asked is not made anew.
    private func isPresent(_ row: IntegrationSummary, _ name: InstanceName) async throws -> Bool {
        switch await servers.place(of: name, on: row.server) {
        case .on, .several: true
        case .nowhere: false
        case .unknown(let server, let failure): throw IntegrationError.server(server, failure)
        }
    }

    private func organization(for request: IntegrationRequest) async throws -> OrganizationID {
        let clinic = try await store.clinic(request.clinic)
        if let scope = request.scope {
            let inIntegrations = try await organizationInIntegrations(of: request.clinic)
            guard (clinic?.organizationID ?? inIntegrations) == scope else {
                throw IntegrationError.clinicUnknown(request.clinic)
            }
            return scope
        }
        switch (clinic?.organizationID, request.organization) {
        case (let known?, let given?) where known != given: throw IntegrationError.clinicOfOther(known)
        case (let known?, _): return known
        case (nil, let given?): return given
        case (nil, nil):
            throw clinic == nil
                ? IntegrationError.clinicUnknown(request.clinic) : .organizationUnknown(request.clinic)
        }
    }

    /// What a clinic's integrations say, where they agree; nil where it has none.
    private func organizationInIntegrations(of clinic: ClinicID) async throws -> OrganizationID? {
        var query = IntegrationQuery()
        query.clinic = clinic
        query.limit = IntegrationQuery.largestPage
        let organizations = Set(try await store.page(query).integrations.map(\.organizationID))
        return organizations.count == 1 ? organizations.first ?? nil : nil
    }

    /// A row that is there already may be of another organization than its clinic.
    private func checkScope(of request: IntegrationRequest, _ name: InstanceName) async throws {
        guard let scope = request.scope else { return }
        guard try await store.integrations(named: name).allSatisfy({ $0.organizationID == scope }) else {
            throw IntegrationError.clinicUnknown(request.clinic)
        }
    }

    private func rehearse(
        _ new: NewIntegration, _ name: InstanceName, on server: any EvolutionServer, _ request: IntegrationRequest
    ) async throws -> IntegrationCreation {
        if let row = try await only(named: name, of: request.clinic), try await isPresent(row, name) {
            return IntegrationCreation(integration: row, outcome: .present)
        }
        let life = IntegrationLife(
            id: 0, kind: .create, integrationID: new.id, instance: name, server: server.name, state: .begun,
            ownsRow: true, ownsInstance: false, adoptsConnected: request.adoptsConnected, previous: nil, actor: "",
            begunAt: time.now, changedAt: time.now)
        let summary = Self.summary(new, life)
        do {
            let finding = try await CreationRun.look(stepper(for: name, on: server), life)
            return IntegrationCreation(integration: summary, outcome: finding)
        } catch let failure as EvolutionFailure {
            throw IntegrationError.server(server.name, failure)
        }
    }

    private static func summary(_ new: NewIntegration, _ life: IntegrationLife) -> IntegrationSummary {
        IntegrationSummary(
            id: new.id, organizationID: new.organization, clinicID: new.clinic, clinicName: nil,
            displayName: new.displayName, instanceName: life.instance, server: life.server,
            statusWord: IntegrationStatus.pending.rawValue, statusSince: nil, statusReason: nil, isEnabled: true,
            phoneNumber: nil, lastSeenAt: nil, underWay: nil)
    }

    static func summary(of life: IntegrationLife) -> IntegrationSummary {
        IntegrationSummary(
            id: life.integrationID, organizationID: nil, clinicID: nil, clinicName: nil, displayName: nil,
            instanceName: life.instance, server: life.server, statusWord: nil, statusSince: nil, statusReason: nil,
            isEnabled: false, phoneNumber: nil, lastSeenAt: nil, underWay: life.kind)
    }
}
