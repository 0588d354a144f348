import FoundationEssentials
import HookgateCore
import PostgresClient

/// What the rows of one look say: lanes to load, and where to go on.
struct LookedThrough {
    /// Of one partition: its integrations, with how many lanes of each were found.
    private typealias Place = [UUID: Int]

    private let wish: LaneWish
    private let rowLimit: Int
    private var places: [Int: Place] = [:]
    private var rows = 0
    private var isFull = false
    private(set) var lanes: [PickedLane] = []

    init(_ wish: LaneWish, rowLimit: Int) {
        self.wish = wish
        self.rowLimit = rowLimit
    }

    /// Takes the next row: an integration without a lane, or one event of a lane. The events of a lane come together.
    mutating func take(_ row: PostgresRow) throws {
        guard !isFull else { return }
        let partition: Int = try row.decode("partition")
        let integration: UUID = try row.decode("integration_id")
        guard let lane = try row.decode("lane", as: Int64?.self) else {
            rows += 1
            places[partition, default: [:]][integration, default: 0] += 0
            return
        }
        if lanes.last?.id != lane {
            isFull = lanes.count == wish.lanes
            guard !isFull else { return }
            rows += 1
            places[partition, default: [:]][integration, default: 0] += 1
            lanes.append(PickedLane(id: lane, integration: integration))
        }
        // None where somebody settled its last event at this moment.
        guard try row.decode("event_id", as: UUID?.self) != nil else { return }
        lanes[lanes.count - 1].events.append(try PickedEvent(row))
    }

    /// Behind which integration to go on, in partitions that were not looked through to their end.
    var unfinished: [Int: UUID] {
        let isCut = isFull || rows >= rowLimit
        var unfinished: [Int: UUID] = [:]
        for (partition, behind) in wish.places {
            unfinished[partition] = next(places[partition] ?? [:], behind, isCut)
        }
        return unfinished
    }

    private func next(_ place: Place, _ behind: UUID, _ isCut: Bool) -> UUID? {
        // Of the last one something may have been left out.
        if isCut { return place.keys.sorted().dropLast().last ?? behind }
        if place.count >= wish.integrationsPerPlace { return place.keys.max() }
        // Whoever began in the middle, or left out lanes of an integration that has many, goes round once more.
        let isWhole = behind == .lowest && !place.values.contains { $0 >= wish.lanesPerIntegration }
        return isWhole ? nil : .lowest
    }
}

extension UUID {
    /// Where a look through the integrations begins.
    fileprivate static let lowest = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
