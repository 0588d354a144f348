package import FoundationEssentials

/// Which integrations a list shows; everything that is nil lets all pass.
package struct IntegrationQuery: Sendable, Equatable {
    package static let largestPage = 1_000

    package var organization: OrganizationID?
    package var clinic: ClinicID?
    package var status: IntegrationStatus?
    package var isEnabled: Bool?
    /// A part of the clinic's, the instance's or the display name, or of the number's last four digits; case does not
    /// matter.
    package var text: String?
    /// How many at most.
    package var limit = 50
    /// Where the page before ended.
    package var cursor: IntegrationCursor?

    package init() {}
}

/// A place in the list, which is ordered by what people call an integration, then its instance, then its id.
package struct IntegrationCursor: Sendable, Equatable {
    package let title: String
    package let instance: String
    package let id: IntegrationID

    package init(title: String, instance: String, id: IntegrationID) {
        self.title = title
        self.instance = instance
        self.id = id
    }

    /// One word without a sign that a shell or a URL gives a meaning.
    package var text: String {
        Base64URL.encode(Array([title, instance, id.text].joined(separator: "\u{0}").utf8))
    }

    /// Nil for a text that no page gave out.
    package init?(_ text: String) {
        guard let bytes = Base64URL.decode(text.utf8), let joined = String(validating: bytes, as: UTF8.self) else {
            return nil
        }
        let parts = joined.split(separator: "\u{0}", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let id = IntegrationID(parts[2]) else { return nil }
        self.init(title: parts[0], instance: parts[1], id: id)
    }
}

/// Some integrations, and where the next page begins; nil at the end.
package struct IntegrationPage: Sendable, Equatable {
    package let integrations: [IntegrationSummary]
    package let next: IntegrationCursor?

    package init(integrations: [IntegrationSummary], next: IntegrationCursor?) {
        self.integrations = integrations
        self.next = next
    }
}

/// One integration as a list shows it, without its token.
package struct IntegrationSummary: Sendable, Equatable {
    package let id: IntegrationID
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?
    package let clinicName: String?
    package let displayName: String?
    package let instanceName: InstanceName?
    /// The configured name of its Evolution server; nil where nobody has written it down.
    package let server: String?
    /// As it stands in the row; ``IntegrationStatus`` for the words that are ours.
    package let statusWord: String?
    /// Since when, and why, as far as the history knows.
    package let statusSince: Date?
    package let statusReason: StatusReason?
    /// "May receive traffic"; says nothing about whether the phone is connected.
    package var isEnabled: Bool
    package let phoneNumber: String?
    /// The last webhook that came for its instance, on either route.
    package let lastSeenAt: Date?
    /// What is under way; nil for an integration at rest.
    package let underWay: LifeKind?

    package init(
        id: IntegrationID, organizationID: OrganizationID?, clinicID: ClinicID?, clinicName: String?,
        displayName: String?, instanceName: InstanceName?, server: String?, statusWord: String?, statusSince: Date?,
        statusReason: StatusReason?, isEnabled: Bool, phoneNumber: String?, lastSeenAt: Date?, underWay: LifeKind?
    ) {
        self.id = id
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.clinicName = clinicName
        self.displayName = displayName
        self.instanceName = instanceName
        self.server = server
        self.statusWord = statusWord
        self.statusSince = statusSince
        self.statusReason = statusReason
        self.isEnabled = isEnabled
        self.phoneNumber = phoneNumber
        self.lastSeenAt = lastSeenAt
        self.underWay = underWay
    }

    /// The status, where its word is one of ours.
    package var status: IntegrationStatus? { statusWord.flatMap { IntegrationStatus(rawValue: $0) } }

    /// What people call it: the clinic, else the display name, else the instance.
    package var title: String { clinicName ?? displayName ?? instanceName?.text ?? id.text }
}
