import FoundationEssentials
import HookgateCore
import PostgresClient

/// What can be read page by page, each ordered by its key.
enum RoutingPages {
    case integrations
    case deleted
    case tokens

    /// Where a page begins.
    enum Position {
        case id(UUID, isInclusive: Bool)
        case digest([UInt8])

        func parameters(limit: Int) -> [any PostgresEncodable] {
            switch self {
            case .id(let id, let isInclusive): [id, limit, isInclusive]
            case .digest(let digest): [digest, limit]
            }
        }
    }

    var sql: String {
        switch self {
        case .integrations: RoutingSQL.integrations
        case .deleted: RoutingSQL.deleted
        case .tokens: RoutingSQL.tokens
        }
    }

    var start: Position {
        switch self {
        case .integrations, .deleted:
            .id(UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)), isInclusive: true)
        case .tokens: .digest([])
        }
    }

    func position(after row: RoutingRow) throws(PostgresError) -> Position {
        switch self {
        case .integrations, .deleted:
            guard let id = try row.integrationID() else { return self.start }
            return .id(id.uuid, isInclusive: false)
        case .tokens:
            return .digest(try row.digestBytes())
        }
    }
}
