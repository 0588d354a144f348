import HookgateCore

/// A new integration as a form or a body asks for it.
struct CreationWish: Sendable {
    static let longestName = 200
    /// Every token of ours is as long as this one.
    private static let sample = WebhookToken(randomBytes: [UInt8](repeating: 0, count: WebhookToken.randomByteCount))

    var request: IntegrationRequest
    /// Whether a public URL of this machine may be set, at servers of this machine.
    var isRehearsal: Bool

    init(_ fields: FormFields, _ visit: Visit) throws(ConsoleError) {
        guard let clinic = try EventQuery.read("clinic_id", fields, "a UUID", ClinicID.init) else {
            throw .badRequest("Say which clinic it is for.")
        }
        self.request = IntegrationRequest(clinic: clinic)
        self.isRehearsal = fields["rehearsal"] != nil
        let organization = try EventQuery.read("organization_id", fields, "a UUID", OrganizationID.init)
        try self.fill(
            organization: organization, label: fields["label"], displayName: fields["display_name"],
            server: fields["server"], visit)
        self.request.adoptsConnected = fields["adopt"] != nil
    }

    init(_ body: Body, _ visit: Visit) throws(ConsoleError) {
        guard let clinic = ClinicID(body.clinicId) else { throw .badRequest("clinic_id is not a UUID.") }
        var organization: OrganizationID?
        if let text = body.organizationId {
            guard let id = OrganizationID(text) else { throw .badRequest("organization_id is not a UUID.") }
            organization = id
        }
        self.request = IntegrationRequest(clinic: clinic)
        self.isRehearsal = body.rehearsal ?? false
        try self.fill(
            organization: organization, label: body.label, displayName: body.displayName, server: body.server, visit)
        self.request.adoptsConnected = body.adopt ?? false
        self.request.isDryRun = body.dryRun ?? false
    }

    struct Body: Decodable {
        let clinicId: String
        let organizationId: String?
        let label: String?
        let displayName: String?
        let server: String?
        let adopt: Bool?
        let dryRun: Bool?
        let rehearsal: Bool?
    }

    private mutating func fill(
        organization: OrganizationID?, label: String?, displayName: String?, server: String?, _ visit: Visit
    ) throws(ConsoleError) {
        guard organization == nil || visit.sees(organization) else {
            throw .forbidden("This is another organization's, and \(visit.visitor.title) sees one alone.")
        }
        guard (displayName ?? "").count <= Self.longestName, !(displayName ?? "").utf8.contains(0) else {
            throw .badRequest("A display name has \(Self.longestName) characters at most.")
        }
        guard InstanceNaming.name(clinic: self.request.clinic, label: label) != nil else {
            throw ConsoleError(.labelInvalid(label ?? ""))
        }
        self.request.organization = organization
        self.request.scope = visit.scope
        self.request.label = label
        self.request.displayName = displayName
        self.request.server = server
    }

    /// Makes it, or says what would be made. What nobody made is refused with the reason.
    func carryOut(_ visit: Visit, _ desk: LifeDesk) async throws -> IntegrationCreation {
        try desk.checkServers()
        try SwitchOverDeeds.checkPublicURL(visit.parts, isRehearsal: self.isRehearsal, token: Self.sample)
        let (request, actor) = (self.request, visit.actor)
        let creation = try await desk.carryOut(visit) { try await $0.create(request, actor: actor) }
        if let refusal = creation.outcome.refusal { throw refusal }
        return creation
    }

    /// The settings without which nothing can be made, each with what to do.
    static func missingSettings(_ visit: Visit, _ desk: LifeDesk) -> [HTML] {
        var missing: [HTML] = []
        if desk.integrations.serverNames.isEmpty {
            missing.append(
                """
                No Evolution server is configured. Set <code>EVOLUTION_API_URL</code> and <code>EVOLUTION_API_KEY</code>, \
                or name the servers in the configuration file.
                """)
        }
        if let flaw = visit.parts.publicURL.switchOverFlaw(token: Self.sample),
            visit.parts.switchOver?.allowsRehearsal != true
        {
            missing.append(
                """
                Evolution cannot be given the public URL <code>\(visit.parts.publicURL.text)</code>: \(flaw.description). \
                Set <code>HOOKGATE_PUBLIC_URL</code>.
                """)
        }
        return missing
    }
}
