/// What the database says on one check. It holds no secret: tokens are fingerprints, URLs are without their token.
package enum DoctorEvidence: Sendable, Equatable {
    /// What was found, which may be nothing.
    case found(DoctorSample)
    /// What would be looked into is not there.
    case absent(String)
    /// The role we are may not read these tables, each with the columns it lacks.
    case hidden([String], role: String)
    /// It cannot be told for another reason.
    case unknowable(String)
}

/// Some of what was found, and how much there is in all.
package struct DoctorSample: Sendable, Equatable {
    package static let none = DoctorSample(total: 0, items: [])

    package let total: Int
    package let items: [DoctorItem]

    package init(total: Int, items: [DoctorItem]) {
        self.total = total
        self.items = items
    }
}

/// One thing that was found.
package struct DoctorItem: Sendable, Equatable {
    package struct Fact: Sendable, Equatable {
        package let label: String
        package let value: String

        package init(_ label: String, _ value: String) {
            self.label = label
            self.value = value
        }
    }

    /// What it is about: an instance's name, an organization, a file. May hold what anybody typed: print it escaped.
    package let subject: String
    /// The id of its row, where it is a row.
    package let id: String?
    package let facts: [Fact]

    package init(subject: String, id: String? = nil, facts: [Fact]) {
        self.subject = subject
        self.id = id
        self.facts = facts
    }

    package func fact(_ label: String) -> String? {
        facts.first { $0.label == label }?.value
    }
}
