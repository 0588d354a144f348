import FoundationEssentials
package import HookgateCore
package import PostgresClient

/// What comparisons with the old way came to, in `hookgate.old_way_comparisons`.
package struct PostgresOldWayLedger: OldWayLedger {
    private let pool: PostgresPool

    package init(pool: PostgresPool) {
        self.pool = pool
    }

    package func add(_ comparisons: [OldWayComparison]) async throws {
        guard !comparisons.isEmpty else { return }
        // In one order everywhere, so that two gateways never wait for each other in a circle.
        let comparisons = comparisons.sorted { $0.instance < $1.instance }
        try await pool.query(
            """
            INSERT INTO hookgate.old_way_comparisons AS known (
                instance_name, day, same, different, undecidable, last_outcome, last_compared_at,
                new_organization_id, new_clinic_id, old_organization_id, old_clinic_id, reason)
            SELECT name, (compared_at AT TIME ZONE 'UTC')::date, (outcome = 'same')::int, (outcome = 'different')::int,
                (outcome = 'undecidable')::int, outcome, compared_at, new_organization, new_clinic, old_organization,
                old_clinic, left(reason, 500)
            FROM unnest($1::text[], $2::timestamptz[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[],
                $8::text[]) AS t(name, compared_at, outcome, new_organization, new_clinic, old_organization, old_clinic,
                reason)
            ON CONFLICT (instance_name, day) DO UPDATE SET
                same = known.same + excluded.same, different = known.different + excluded.different,
                undecidable = known.undecidable + excluded.undecidable, last_outcome = excluded.last_outcome,
                last_compared_at = excluded.last_compared_at, new_organization_id = excluded.new_organization_id,
                new_clinic_id = excluded.new_clinic_id, old_organization_id = excluded.old_organization_id,
                old_clinic_id = excluded.old_clinic_id, reason = excluded.reason
            """,
            [
                comparisons.map(\.instance.text), comparisons.map(\.comparedAt), comparisons.map(\.outcome.rawValue),
                comparisons.map(\.new?.organizationID?.uuid), comparisons.map(\.new?.clinicID?.uuid),
                comparisons.map { $0.oldOwner?.0.uuid }, comparisons.map { $0.oldOwner?.1.uuid },
                comparisons.map(\.reason),
            ])
    }
}

extension OldWayComparison {
    fileprivate var oldOwner: (OrganizationID, ClinicID)? {
        if case .owner(let organization, let clinic) = old { (organization, clinic) } else { nil }
    }
}
