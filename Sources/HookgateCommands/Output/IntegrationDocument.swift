import FoundationEssentials
import HookgateCore

/// One integration for machines.
struct IntegrationDocument: Encodable {
    let id: String
    let organizationID: String?
    let clinicID: String?
    let clinicName: String?
    let displayName: String?
    let instanceName: String?
    let server: String?
    let status: String?
    let statusReason: String?
    let statusSince: Date?
    let enabled: Bool
    let phoneNumber: String?
    let lastSeenAt: Date?
    let underWay: String?

    init(_ integration: IntegrationSummary) {
        self.id = integration.id.text
        self.organizationID = integration.organizationID?.text
        self.clinicID = integration.clinicID?.text
        self.clinicName = integration.clinicName
        self.displayName = integration.displayName
        self.instanceName = integration.instanceName?.text
        self.server = integration.server
        self.status = integration.statusWord
        self.statusReason = integration.statusReason?.rawValue
        self.statusSince = integration.statusSince
        self.enabled = integration.isEnabled
        self.phoneNumber = integration.phoneNumber
        self.lastSeenAt = integration.lastSeenAt
        self.underWay = integration.underWay?.rawValue
    }
}

/// A page of them.
struct PageDocument: Encodable {
    let integrations: [IntegrationDocument]
    let nextCursor: String?

    init(_ page: IntegrationPage) {
        self.integrations = page.integrations.map(IntegrationDocument.init)
        self.nextCursor = page.next?.text
    }
}

/// One with its history and its server's words.
struct DetailDocument: Encodable {
    struct Change: Encodable {
        let at: Date
        let from: String?
        let to: String
        let reason: String
        let source: String
    }

    struct Evolution: Encodable {
        let state: String
        let server: String?
        let connection: String?
        let webhook: String?
    }

    struct Sharer: Encodable {
        let server: String
        let instanceName: String
        let connection: String
        let integrationID: String?
    }

    let integration: IntegrationDocument
    let webhookURL: String?
    let tokenFingerprint: String?
    let history: [Change]
    let evolution: Evolution
    let sharingNumber: [Sharer]

    init(_ detail: IntegrationDetail) {
        self.integration = IntegrationDocument(detail.integration)
        self.webhookURL = detail.maskedWebhookURL
        self.tokenFingerprint = detail.tokenFingerprint
        self.history = detail.history.map { change in
            Change(
                at: change.at, from: change.from, to: change.to.rawValue, reason: change.reason.rawValue,
                source: "\(change.source)")
        }
        var server: String?
        var connection: String?
        var webhook: String?
        if case .present(let name, let state, let finding) = detail.evolution {
            (server, connection, webhook) = (name, "\(state)", finding.word)
        }
        self.evolution = Evolution(
            state: detail.evolution.word, server: server, connection: connection, webhook: webhook)
        self.sharingNumber = detail.sharingNumber.map { sharer in
            Sharer(
                server: sharer.server, instanceName: sharer.instance.text, connection: "\(sharer.connection)",
                integrationID: sharer.integrationID?.text)
        }
    }
}

/// What a creation or a deletion came to.
struct DeedDocument: Encodable {
    let integration: IntegrationDocument
    let outcome: String
    let meaning: String

    init(_ creation: IntegrationCreation) {
        self.integration = IntegrationDocument(creation.integration)
        self.outcome = creation.outcome.word
        self.meaning = creation.outcome.meaning
    }

    init(_ deletion: IntegrationDeletion) {
        self.integration = IntegrationDocument(deletion.integration)
        self.outcome = deletion.outcome.word
        self.meaning = deletion.outcome.meaning
    }
}

/// Instances without an integration.
struct OrphanDocument: Encodable {
    struct Orphan: Encodable {
        let server: String
        let instanceName: String
        let connection: String
        let owner: String
        let inLegacyTables: Bool
        let remedy: String
    }

    struct Server: Encodable {
        let name: String
        let failure: String
    }

    let orphans: [Orphan]
    let unreachableServers: [Server]

    init(_ report: OrphanReport) {
        self.orphans = report.orphans.map { orphan in
            Orphan(
                server: orphan.server, instanceName: orphan.instance.text, connection: "\(orphan.connection)",
                owner: orphan.owner.rawValue, inLegacyTables: orphan.isInLegacyTables, remedy: orphan.remedy)
        }
        self.unreachableServers = report.unanswered.map { Server(name: $0.name, failure: "\($0.failure)") }
    }
}
