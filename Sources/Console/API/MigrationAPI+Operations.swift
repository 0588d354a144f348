import HookgateCore

/// What the endpoints of the migration are, for `/openapi.json`.
extension MigrationAPI {
    private static let counts = Schema.object([
        ("inserted", .integer(0)), ("updated", .integer(0)), ("unchanged", .integer(0)), ("undecided", .integer(0)),
        ("excluded", .integer(0)),
    ])

    static let board = APIOperation(
        "List every instance with where it stands and what comes next",
        query: [
            .init("step", .words(BoardStep.allCases.map(\.rawValue)), "Only those of which this is to be done next."),
            .init("order", .words(BoardQuery.Order.allCases.map(\.rawValue))), .init("q", .text, "A part of a name."),
        ] + APIOperation.page(largest: BoardQuery.largestPage),
        answer: .object(
            [
                ("instances", .list(row)), ("counts", .counts), ("next_cursor", .text),
            ], required: ["instances", "counts"]))

    private static let row = Schema.object(
        [
            ("instance_name", .text), ("title", .text), ("next_step", .words(BoardStep.allCases.map(\.rawValue))),
            ("legacy_row", .text), ("legacy_rows", .integer(0)), ("integration_id", .uuid),
            ("integrations", .integer(0)),
            ("clinic_id", .uuid), ("status", .text), ("masked_token", .text), ("at_evolution", .text),
            ("last_legacy_event", .time), ("last_token_event", .time), ("switch_over", .text),
            ("can_roll_back", .boolean), ("run", .uuid),
        ], required: ["instance_name", "next_step", "legacy_rows", "integrations", "can_roll_back"])

    private static let planned = Schema.work(
        .object([
            ("total", .integer(0)), ("planned", .integer(0)), ("counts", counts), ("digest", .text),
            (
                "instances",
                .list(
                    .object([
                        ("instance_name", .text), ("action", .text), ("clinic", .text),
                        (
                            "changes",
                            .list(.object([("field", .text), ("before", .text), ("after", .text)]))
                        ),
                        ("obstacle", .text), ("notes", .list(.text)),
                    ]))
            ),
        ]))

    private static let worked = Schema.work(
        .object([
            ("kind", .words(["migrate", "verify", "undo"])), ("total", .integer(0)), ("written", .integer(0)),
            ("verified", .integer(0)), ("mismatched", .integer(0)), ("missing", .integer(0)),
            ("restored", .integer(0)), ("refused", .integer(0)), ("run", .uuid),
        ]))

    static let showPlan = APIOperation("Show the latest plan, as far as it is", answer: planned)

    static let plan = APIOperation("Begin to plan; nothing is written", answer: planned, status: 202, problems: [409])

    static let showWork = APIOperation("Show the latest run, verification or undoing, as far as it is", answer: worked)

    static let run = APIOperation(
        "Begin to carry out exactly the plan of this digest, then verify it",
        body: .object([("plan_digest", .text)], required: ["plan_digest"]), answer: worked, status: 202,
        problems: [409])

    static let verify = APIOperation(
        "Begin to compare every row, field by field", answer: worked, status: 202, problems: [409])

    static let stop = APIOperation(
        "Ask what is under way to leave off between two batches", answer: worked, status: 202)

    static let showRun = APIOperation(
        "Show a run and what it wrote", query: [.init("limit", .integer(1, 1_000), "How many entries at most.")],
        path: ["id": .uuid],
        answer: .object(
            [
                ("id", .uuid), ("state", .text), ("started_at", .time), ("finished_at", .time), ("counts", counts),
                ("total", .integer(0)),
                (
                    "entries",
                    .list(
                        .object([
                            ("instance_name", .text), ("integration_id", .uuid), ("action", .text),
                            ("fields", .list(.text)), ("is_undone", .boolean),
                        ]))
                ),
            ], required: ["id", "state", "started_at", "counts", "total", "entries"]))

    static let undo = APIOperation(
        "Undo a run; a dry run unless dry_run is false", path: ["id": .uuid], body: .object([("dry_run", .boolean)]),
        answer: .object(
            [
                ("is_dry_run", .boolean), ("restored", .integer(0)), ("edited_since", .integer(0)),
                ("changed_by_later_run", .integer(0)), ("in_use", .integer(0)), ("gone", .integer(0)),
            ], required: ["is_dry_run"]), problems: [409, 422])
}
