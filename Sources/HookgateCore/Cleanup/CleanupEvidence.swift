package import FoundationEssentials

/// What the catalogue says of the tables that a clean-up would move.
package struct CleanupFacts: Sendable, Equatable {
    /// Something in the database that needs one of them.
    package struct Dependency: Sendable, Equatable {
        package let table: LegacySource
        /// As PostgreSQL describes it: `view public.instance_overview`.
        package let object: String

        package init(table: LegacySource, object: String) {
            self.table = table
            self.object = object
        }
    }

    /// Built-in files of the schema that are not applied as they should be.
    package let pendingSchema: [String]
    package let tables: [CleanupPlan.Table]
    /// Rights that this role lacks, each with the statement that grants it.
    package let lackingRights: [(what: String, remedy: String)]
    package let dependencies: [Dependency]
    /// What does not hinder and is told all the same: triggers and publications of the tables, which move along.
    package let remarks: [Dependency]

    package init(
        pendingSchema: [String], tables: [CleanupPlan.Table], lackingRights: [(what: String, remedy: String)],
        dependencies: [Dependency], remarks: [Dependency]
    ) {
        self.pendingSchema = pendingSchema
        self.tables = tables
        self.lackingRights = lackingRights
        self.dependencies = dependencies
        self.remarks = remarks
    }

    package static func == (left: CleanupFacts, right: CleanupFacts) -> Bool {
        left.pendingSchema == right.pendingSchema && left.tables == right.tables
            && left.lackingRights.elementsEqual(right.lackingRights, by: ==)
            && left.dependencies == right.dependencies && left.remarks == right.remarks
    }
}

/// A verification of the whole fleet, as it was recorded.
package struct FleetVerification: Sendable, Equatable {
    package let verifiedAt: Date
    /// The state of the old tables that it was made in.
    package let mark: InventoryMark
    package let verified: Int
    package let mismatched: Int
    package let missing: Int
    package let undecided: Int
    /// Instances that a person left out, with the reason.
    package let excluded: [InstanceName: String]

    package init(
        verifiedAt: Date, mark: InventoryMark, verified: Int, mismatched: Int, missing: Int, undecided: Int,
        excluded: [InstanceName: String]
    ) {
        self.verifiedAt = verifiedAt
        self.mark = mark
        self.verified = verified
        self.mismatched = mismatched
        self.missing = missing
        self.undecided = undecided
        self.excluded = excluded
    }
}

/// A look at the counters of one table.
package struct TableLook: Sendable, Equatable {
    package let source: LegacySource
    package let at: Date
    /// Another one is another table of the same name.
    package let identity: Int64
    package let scans: Int64
    package let writes: Int64
    /// Of the scans, how many had been noted as our own.
    package let ownScans: Int64
    /// When the server last began to count anew.
    package let resetAt: Date?

    package init(
        source: LegacySource, at instant: Date, identity: Int64, scans: Int64, writes: Int64, ownScans: Int64,
        resetAt: Date?
    ) {
        self.source = source
        self.at = instant
        self.identity = identity
        self.scans = scans
        self.writes = writes
        self.ownScans = ownScans
        self.resetAt = resetAt
    }

    /// What others did with the table between an earlier look and this one; nil where the two cannot be compared.
    package func use(since earlier: TableLook) -> TableUse? {
        guard earlier.source == source, earlier.identity == identity, earlier.resetAt == resetAt,
            scans >= earlier.scans, writes >= earlier.writes
        else { return nil }
        return TableUse(
            reads: max(0, (scans - earlier.scans) - (ownScans - earlier.ownScans)), writes: writes - earlier.writes)
    }
}

/// How often others used a table.
package struct TableUse: Sendable, Equatable {
    package let reads: Int64
    package let writes: Int64

    package init(reads: Int64, writes: Int64) {
        self.reads = reads
        self.writes = writes
    }
}

/// The traffic of one instance on the legacy route, whoever knows the instance.
package struct LegacyTraffic: Sendable, Equatable {
    package let instance: InstanceName
    package let traffic: RouteTraffic

    package init(instance: InstanceName, traffic: RouteTraffic) {
        self.instance = instance
        self.traffic = traffic
    }
}
