/// The life of integrations: for the command line and the console, which show the same and do the same.
///
/// A subject is an instance's exact name or an integration's id; who it names is looked up anew by every call. What
/// reaches outside takes the instance's lock, so that of six clicks one acts and five are told what came of it, and is
/// written down step by step, so that whoever comes next goes on where a process was killed.
///
/// ```swift
/// var request = IntegrationRequest(clinic: clinic)
/// request.displayName = "Reception"
/// let creation = try await integrations.create(request, actor: actor)
/// for try await state in integrations.connect(creation.integration.id.text, number: nil) { show(state) }
/// ```
package protocol IntegrationUseCases: Sendable {
    /// The configured Evolution servers; none where nothing can be made or paired.
    var serverNames: [String] { get }

    /// By clinic and instance, at most `query.limit` of them. Reads the database alone.
    func list(_ query: IntegrationQuery) async throws -> IntegrationPage

    /// One integration, as the list has it; nil where there is none of that id. Reads the database alone.
    func integration(_ id: IntegrationID) async throws -> IntegrationSummary?

    /// One integration with its history, and what its Evolution server says of it now.
    func show(_ subject: String) async throws -> IntegrationDetail

    /// Makes the row and the instance, with the token URL and every needed event set from the start; or says that both
    /// are there already.
    func create(_ request: IntegrationRequest, actor: String) async throws -> IntegrationCreation

    /// Asks for a code to pair with and follows the pairing until it is connected, or the consumer ends the stream. A
    /// code that has run out is followed by the next; the instance is never made anew for it.
    /// - Parameter number: for a pairing code in place of a QR code: digits, with the country's.
    func connect(_ subject: String, number: String?) -> AsyncThrowingStream<PairingState, any Error>

    /// One look at a pairing, for whoever looks again: ``connect(_:number:)`` without following it. It asks for a code,
    /// too, where none is offered yet.
    func pairing(_ subject: String, number: String?) async throws -> PairingState

    /// The whole webhook URL with its token, which is a secret: whoever shows it has written down for whom. Nil where
    /// there is no valid token.
    func webhookURL(_ subject: String) async throws -> String?

    /// Whether its webhooks are delivered. Disabled, they are stored and held; the webhook at Evolution stays as it is.
    func setEnabled(
        _ isEnabled: Bool, _ subject: String, isDryRun: Bool, actor: String
    ) async throws -> IntegrationSummary

    /// Deletes the instance at its server and then the row; what the server does not confirm stays open and is tried
    /// again, by `serve` or by the next command.
    func delete(_ subject: String, _ options: DeletionOptions, actor: String) async throws -> IntegrationDeletion

    /// Proves the way of its webhooks: the probe at the public URL, the settings at Evolution, the connection.
    func test(_ subject: String) async throws -> IntegrationTest

    /// Instances that no integration names, told only when every configured server answered.
    func orphans() async throws -> OrphanReport

    /// Goes on with what was left half done.
    /// - Returns: how many came to an end.
    func resume() async throws -> Int
}

/// Why a use case was not carried out. None of them has changed anything.
package enum IntegrationError: Error, Equatable {
    /// Neither an instance's name nor an id; with the names there are.
    case unknown([InstanceName])
    case ambiguousName([IntegrationID])
    /// Its `config` names no instance.
    case noInstanceName
    /// Its row has no valid token, so there is no URL to set.
    case withoutToken(IntegrationID)
    case clinicUnknown(ClinicID)
    /// The clinic's row says no organization, and nobody gave one.
    case organizationUnknown(ClinicID)
    /// The clinic belongs to another organization than the one that was given.
    case clinicOfOther(OrganizationID)
    case labelInvalid(String)
    /// The name that the new instance would have is that of another clinic's integration.
    case nameOfOther(InstanceName, IntegrationID)
    case serverUnknown(String, [String])
    /// Several servers are configured and none was chosen.
    case serverMissing([String])
    /// No configured server has the instance.
    case instanceMissing(InstanceName)
    case onSeveralServers([String])
    /// A server that may have it did not answer.
    case server(String, EvolutionFailure)
    /// Another process is at this instance and did not finish in time.
    case busy(InstanceName)
    /// It is being deleted.
    case deleting(InstanceName)
}
