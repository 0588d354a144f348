/// The names that hookgate gives to instances: always the same for the same clinic and label, so that a second click
/// asks for the same instance and not for a second one. The whole id stands in it: shorter ones meet by chance.
package enum InstanceNaming {
    package static let longestLabel = 32

    /// Nil for a label with anything but lower-case letters, digits and single hyphens between them.
    package static func name(clinic: ClinicID, label: String?) -> InstanceName? {
        let base = "clinic-\(clinic.text)"
        guard let label else { return InstanceName(base) }
        return isLabel(label) ? InstanceName("\(base)-\(label)") : nil
    }

    private static func isLabel(_ label: String) -> Bool {
        let parts = label.split(separator: "-", omittingEmptySubsequences: false)
        return label.utf8.count <= longestLabel
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.utf8.allSatisfy { byte in
                        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                            || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                    }
            }
    }
}
