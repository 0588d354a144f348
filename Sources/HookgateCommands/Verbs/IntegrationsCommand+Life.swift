import ArgumentParser
import HookgateCore

extension IntegrationsCommand {
    struct Create: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Make an integration and its instance at Evolution, with the token URL from the start.",
            discussion: """
                The instance's name follows from the clinic's id, so the same command twice, or six times at once, makes \
                one. An instance of that name which is ours, or nobody's, is taken over; one that posts to another \
                installation is left alone (exit code 3). Killed at any point, the same command goes on, and so does \
                `hookgate serve`; what cannot be made is taken back. Then: hookgate integrations connect

                Examples:
                  hookgate integrations create 3fa85f64-5717-4562-b3fc-2c963f66afa6 --display-name Reception
                  hookgate integrations create 3fa85f64-5717-4562-b3fc-2c963f66afa6 --label night --dry-run
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The clinic's id.")
        var clinic: String

        @Option(help: "Tells a clinic's second number from its first; ends the instance's name.")
        var label: String?

        @Option(help: "What people call it.")
        var displayName: String?

        @Option(help: "The organization, where the clinic's own row says none.")
        var organization: String?

        @Option(help: "The Evolution server, as the configuration calls it, where there are several.")
        var server: String?

        @Flag(help: "Also take over an instance that is connected and has no webhook.")
        var adopt = false

        @Flag(help: "Show what would be made; make nothing.")
        var dryRun = false

        @OptionGroup var rehearsal: RehearsalOption

        private func request() throws -> IntegrationRequest {
            guard let clinic = ClinicID(clinic) else {
                throw ValidationError("'\(clinic)' is no clinic's id, which is a uuid.")
            }
            var request = IntegrationRequest(clinic: clinic)
            if let organization {
                guard let id = OrganizationID(organization) else {
                    throw ValidationError("--organization '\(organization)' is no uuid.")
                }
                request.organization = id
            }
            request.label = label
            request.displayName = displayName
            request.server = server
            request.adoptsConnected = adopt
            request.isDryRun = dryRun
            return request
        }

        func validate() throws {
            _ = try request()
        }

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let request = try request()
            try rehearsal.check(configuration)
            let servers = try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let creation = try await IntegrationStep.explaining(clinic) {
                    try await database.integrations(configuration, servers).create(
                        request, actor: CommandActor.current)
                }
                return try IntegrationPrinter(isJSON: global.json).show(creation)
            }
        }
    }

    struct Enable: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Deliver an integration's webhooks again.",
            discussion: """
                What was held meanwhile stays held: hookgate quarantine release

                Example:
                  hookgate integrations enable clinic-abc123
                """)

        @OptionGroup var options: SwitchOptions

        func perform() async throws -> ExitStatus { try await options.perform(true) }
    }

    struct Disable: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Hold an integration's webhooks back; the webhook at Evolution stays.",
            discussion: """
                Every webhook is still stored, and held until a person releases or discards it. Nothing but `enable` ends \
                it: no event and no poll does.

                Example:
                  hookgate integrations disable clinic-abc123
                """)

        @OptionGroup var options: SwitchOptions

        func perform() async throws -> ExitStatus { try await options.perform(false) }
    }

    /// What both take.
    struct SwitchOptions: ParsableArguments {
        @OptionGroup var global: GlobalOptions

        @Argument(help: "The instance's name, or its integration's id.")
        var instance: String

        @Flag(help: "Show what would change; change nothing.")
        var dryRun = false

        func perform(_ isEnabled: Bool) async throws -> ExitStatus {
            let configuration = try global.configuration()
            return try await Database.use(configuration) { database in
                let integration = try await IntegrationStep.explaining(instance) {
                    try await database.integrations(configuration, []).setEnabled(
                        isEnabled, instance, isDryRun: dryRun, actor: CommandActor.current)
                }
                try IntegrationPrinter(isJSON: global.json).show(switched: integration, isDryRun: dryRun)
                return .done
            }
        }
    }

    struct Delete: Verb {
        static let configuration = CommandConfiguration(
            abstract: "Delete an integration, and its instance at Evolution.",
            discussion: """
                The instance first, until the server confirms that it is gone; then the row. What the server does not \
                confirm stays open: `hookgate serve` goes on with it, and so does the same command (exit code 3). An \
                instance that another integration names, or whose webhook leads to another installation, is never \
                deleted. Asks for the instance's name; end of input declines (exit code 3).

                Examples:
                  hookgate integrations delete clinic-abc123 --dry-run
                  hookgate integrations delete clinic-abc123 --keep-instance --yes
                """)

        @OptionGroup var global: GlobalOptions

        @Argument(help: "The instance's name, or its integration's id.")
        var instance: String

        @Flag(help: "Delete the row alone.")
        var keepInstance = false

        @Flag(help: "Do it without asking.")
        var yes = false

        @Flag(help: "Show what would be deleted; delete nothing.")
        var dryRun = false

        func perform() async throws -> ExitStatus {
            let configuration = try global.configuration()
            let servers = keepInstance ? [] : try EvolutionServers.configured(configuration)
            return try await Database.use(configuration) { database in
                let integrations = database.integrations(configuration, servers)
                let printer = IntegrationPrinter(isJSON: global.json)
                return try await IntegrationStep.explaining(instance) {
                    var options = DeletionOptions()
                    options.keepsInstance = keepInstance
                    options.isDryRun = true
                    let rehearsed = try await integrations.delete(instance, options, actor: CommandActor.current)
                    if dryRun { return try printer.show(rehearsed) }
                    let name = rehearsed.integration.instanceName?.text ?? rehearsed.integration.id.text
                    guard yes || Confirmation.typed(name, printer.warning(rehearsed)) else {
                        StandardStream.error.line("Nothing was deleted.")
                        return .attention
                    }
                    options.isDryRun = false
                    return try printer.show(
                        try await integrations.delete(instance, options, actor: CommandActor.current))
                }
            }
        }
    }
}

extension RehearsalOption {
    /// The same before there is a token: they are all as long.
    func check(_ configuration: Configuration) throws {
        let token = WebhookToken(randomBytes: [UInt8](repeating: 0, count: WebhookToken.randomByteCount))
        let sample = SwitchOverTarget(
            instance: InstanceName(""), integrationID: IntegrationID(RunID.random().uuid), title: "", token: token)
        try check(configuration, [sample])
    }
}
