package import FoundationEssentials

/// Whose an instance is, as the integration that a request was resolved to says.
package struct InstanceOwner: Sendable, Hashable {
    package let organizationID: OrganizationID?
    package let clinicID: ClinicID?

    package init(organizationID: OrganizationID?, clinicID: ClinicID?) {
        self.organizationID = organizationID
        self.clinicID = clinicID
    }
}

/// Whose an instance is, as the legacy tables say by the plan's evidence.
package enum OldWayAnswer: Sendable, Equatable {
    case owner(OrganizationID, ClinicID)
    /// They do not decide; the text says why.
    case undecided(String)
}

package enum OldWayOutcome: String, Sendable, CaseIterable {
    case same
    case different
    case undecidable
}

/// One request on the legacy route, resolved both ways.
package struct OldWayComparison: Sendable, Equatable {
    package let instance: InstanceName
    package let comparedAt: Date
    package let outcome: OldWayOutcome
    package let new: InstanceOwner?
    package let old: OldWayAnswer
    /// What a person needs to know of an outcome that is not ``OldWayOutcome/same``.
    package let reason: String?

    /// Compares. Pure.
    /// - Parameter new: nil when no integration has the instance yet.
    package init(of instance: InstanceName, new: InstanceOwner?, old: OldWayAnswer, at instant: Date) {
        self.instance = instance
        self.comparedAt = instant
        self.new = new
        self.old = old
        switch (new, old) {
        case (nil, _):
            (self.outcome, self.reason) = (.undecidable, "no integration has it yet")
        case (_, .undecided(let reason)):
            (self.outcome, self.reason) = (.undecidable, reason)
        case (let new?, .owner(let organization, let clinic)):
            if let own = new.organizationID, own != organization {
                (self.outcome, self.reason) = (
                    .different, "organization \(own) here, \(organization) in the old tables"
                )
            } else if new.clinicID != clinic {
                let own = new.clinicID.map { "clinic \($0)" } ?? "no clinic"
                (self.outcome, self.reason) = (.different, "\(own) here, clinic \(clinic) in the old tables")
            } else {
                (self.outcome, self.reason) = (.same, nil)
            }
        }
    }
}

/// How the comparisons of one instance came out, over all days that are kept.
package struct OldWayTally: Sendable, Equatable {
    package let counts: [OldWayOutcome: Int]
    package let last: OldWayOutcome
    package let lastComparedAt: Timestamp
    package let reason: String?

    package init(counts: [OldWayOutcome: Int], last: OldWayOutcome, lastComparedAt: Timestamp, reason: String?) {
        self.counts = counts
        self.last = last
        self.lastComparedAt = lastComparedAt
        self.reason = reason
    }
}

extension OldWayTally {
    /// For machines.
    package var countsByWord: [String: Int] {
        Dictionary(OldWayOutcome.allCases.map { ($0.rawValue, counts[$0] ?? 0) }) { first, _ in first }
    }
}

extension OldWayTally: CustomStringConvertible {
    package var description: String {
        let counts = OldWayOutcome.allCases.map { "\(self.counts[$0] ?? 0) \($0.rawValue)" }.joined(separator: ", ")
        let reason = reason.map { " (\($0))" } ?? ""
        return "\(counts); last \(last.rawValue)\(reason) at \(lastComparedAt.text)"
    }
}

/// Is told of each request that was stored on the legacy route. Called on the path: it returns at once.
package protocol LegacyRequestObserver: Sendable {
    /// - Parameter owner: nil when the name stands in a legacy table and has no integration yet.
    func observed(_ instance: InstanceName, owner: InstanceOwner?)
}

/// Keeps what comparisons came to. Filled by the store.
package protocol OldWayLedger: Sendable {
    func add(_ comparisons: [OldWayComparison]) async throws
}
