import FoundationEssentials
import HookgateCore

/// An event whose turn it is.
struct Turn: Sendable {
    let lane: Int64
    let fencing: Int64
    let queued: QueuedEvent
    let destination: Destination
    let isOrphan: Bool
}

extension DeliveryFloor {
    /// Events whose turn it is: destinations in turn, in each its clinics in turn. They are under way until
    /// ``attempted(_:_:at:)``, and their lanes until what came of it is settled.
    mutating func takeTurns(at now: Date) -> [Turn] {
        guard !isEnding else { return [] }
        openUp(at: now)
        var taken: [Turn] = []
        var passes = 0
        while passes < turns.count, underWay < settings.width {
            let id = turns.removeFirst()
            guard stations[id]?.isEmpty == false else {
                stations[id]?.isInTurn = false
                continue
            }
            turns.append(id)
            if let turn = takeTurn(at: id, now) {
                taken.append(turn)
                passes = 0
            } else {
                passes += 1
            }
        }
        return taken
    }

    private mutating func takeTurn(at id: DestinationID, _ now: Date) -> Turn? {
        // Taken out, so that its queues are changed in place and not copied for each event.
        guard var station = stations.removeValue(forKey: id) else { return nil }
        defer { stations[id] = station }
        let timeout = station.destination.timeout / .seconds(1)
        // An attempt must not outlive the right to make it.
        guard leasedUntil.timeIntervalSince(now) > timeout + settings.leaseMargin,
            let lane = next(of: &station), let found = lanes[lane], let head = found.head,
            let fencing = fencing(of: found)
        else { return nil }
        guard bytesUnderWay == 0 || bytesUnderWay + head.bodyBytes <= settings.maximumBodyBytes else {
            station.putBack(lane, of: found.clinic, isReplay: found.isReplay)
            return nil
        }
        station.underWay += 1
        lanes[lane]?.isUnderWay = true
        lanes[lane]?.station = nil
        underWay += 1
        underWayOfClinic[found.clinic, default: 0] += 1
        bytesUnderWay += head.bodyBytes
        if found.isReplay { replaysUnderWay += 1 }
        return Turn(
            lane: lane, fencing: fencing, queued: head, destination: station.destination,
            isOrphan: MessageOrder.turn(of: head, at: now) == .nowAsOrphan)
    }

    private func next(of station: inout Station) -> Int64? {
        switch station.breaker.state {
        case .open: return nil
        case .halfOpen:
            guard station.underWay == 0, let id = oldest(of: station), let lane = lanes[id] else { return nil }
            station.remove(id, of: lane.clinic, isReplay: lane.isReplay)
            return id
        case .closed:
            guard station.underWay < station.destination.width else { return nil }
            return station.next(allowsReplays: replaysUnderWay < settings.replayWidth) { clinic in
                underWayOfClinic[clinic, default: 0] < settings.clinicWidth
            }
        }
    }

    /// An attempt is over; what came of it is not written yet.
    /// - Parameter result: nil when nothing was sent.
    mutating func attempted(_ turn: Turn, _ result: AttemptResult?, at now: Date) {
        guard let lane = lanes[turn.lane] else { return }
        underWay -= 1
        bytesUnderWay -= turn.queued.bodyBytes
        if lane.isReplay { replaysUnderWay -= 1 }
        let left = (underWayOfClinic[lane.clinic] ?? 1) - 1
        underWayOfClinic[lane.clinic] = left > 0 ? left : nil
        stations[turn.destination.id]?.underWay -= 1
        guard let result else { return }
        if result.speaksAgainstDestination {
            failed(turn, result, at: now)
        } else if result.isDelivered {
            stations[turn.destination.id]?.breaker.succeeded()
            if resting.remove(turn.destination.id) != nil { unblock { $0 == .destination(turn.destination.id) } }
        }
    }
}
