/// What `clinics` says of one clinic.
package struct ClinicFact: Sendable, Equatable {
    package let id: ClinicID
    package let organizationID: OrganizationID?
    package let name: String?
    package let isActive: Bool
    package let whatsappNumber: String?

    package init(
        id: ClinicID, organizationID: OrganizationID?, name: String?, isActive: Bool = true,
        whatsappNumber: String? = nil
    ) {
        self.id = id
        self.organizationID = organizationID
        self.name = name
        self.isActive = isActive
        self.whatsappNumber = whatsappNumber
    }
}

/// The clinics that one page of instances has to do with.
package struct ClinicDirectory: Sendable {
    /// How many clinics of one organization are kept here beside those that evidence points to.
    package static let sampleSize = 10

    /// The clinics of one organization: all of them counted, the relevant ones and a few more listed.
    package struct Organization: Sendable {
        package let clinicCount: Int
        package let clinics: [ClinicFact]
        /// How many instance names the legacy tables hold for it.
        package let instanceCount: Int

        package init(clinicCount: Int, clinics: [ClinicFact], instanceCount: Int = 1) {
            self.clinicCount = clinicCount
            self.clinics = clinics
            self.instanceCount = instanceCount
        }
    }

    private let organizations: [OrganizationID: Organization]
    private let clinics: [ClinicID: ClinicFact]
    private let settings: [InstanceName: Set<ClinicID>]

    /// - Parameters:
    ///   - strangers: clinics outside the page's organizations that an id in it points to.
    ///   - settings: the clinics whose own WhatsApp settings name an instance.
    package init(
        organizations: [OrganizationID: Organization] = [:], strangers: [ClinicFact] = [],
        settings: [InstanceName: Set<ClinicID>] = [:]
    ) {
        self.organizations = organizations
        self.settings = settings
        let everyClinic = organizations.values.flatMap(\.clinics) + strangers
        self.clinics = Dictionary(everyClinic.map { ($0.id, $0) }) { first, _ in first }
    }

    package func clinic(_ id: ClinicID) -> ClinicFact? { clinics[id] }

    package func organization(_ id: OrganizationID) -> Organization? { organizations[id] }

    package func clinicsNaming(_ instance: InstanceName) -> Set<ClinicID> { settings[instance] ?? [] }
}
