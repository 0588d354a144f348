/// One row of `healthcare.integrations` as people look at it: with its clinic's name, and with its secret.
package struct IntegrationRecord: Sendable {
    package let id: IntegrationID
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?
    package let clinicName: String?
    package let instanceName: InstanceName?
    /// The status word as it stands in the row: not every one is a word of ours.
    package let status: String?
    package let isEnabled: Bool
    package let phoneNumber: String?
    package let displayName: String?
    /// The token's text as it stands in the row, valid or not; nil when there is none.
    package let tokenText: String?

    package init(
        id: IntegrationID, organizationID: OrganizationID?, clinicID: ClinicID?, clinicName: String?,
        instanceName: InstanceName?, status: String?, isEnabled: Bool, phoneNumber: String?,
        displayName: String?, tokenText: String?
    ) {
        self.id = id
        self.organizationID = organizationID
        self.clinicID = clinicID
        self.clinicName = clinicName
        self.instanceName = instanceName
        self.status = status
        self.isEnabled = isEnabled
        self.phoneNumber = phoneNumber
        self.displayName = displayName
        self.tokenText = tokenText
    }

    /// What people call it: the clinic, else the display name, else the instance.
    package var title: String {
        clinicName ?? displayName ?? instanceName?.text ?? id.text
    }
}
