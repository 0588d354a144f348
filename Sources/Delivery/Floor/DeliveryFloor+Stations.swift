import FoundationEssentials
import HookgateCore

extension DeliveryFloor {
    /// - Returns: whether nothing can be sent there now.
    mutating func update(_ destination: Destination, at now: Date) -> Bool {
        stations[destination.id, default: Station(destination, breaker: CircuitBreaker(settings.breaker))]
            .destination = destination
        if case .open(let until) = stations[destination.id]?.breaker.state, until > now { return true }
        return destination.isPaused
    }

    mutating func queue(_ id: Int64, for destination: DestinationID) {
        guard let lane = lanes[id] else { return }
        stations[destination]?.add(id, of: lane.clinic, isReplay: lane.isReplay)
        lanes[id]?.station = destination
        guard stations[destination]?.isInTurn == false else { return }
        stations[destination]?.isInTurn = true
        turns.append(destination)
    }

    mutating func takeOut(_ id: Int64) {
        guard let lane = lanes[id], let station = lane.station else { return }
        stations[station]?.remove(id, of: lane.clinic, isReplay: lane.isReplay)
        lanes[id]?.station = nil
    }

    func oldest(of station: Station) -> Int64? {
        station.lanes.min { left, right in
            (lanes[left]?.head?.event.receivedAt ?? .distantFuture)
                < (lanes[right]?.head?.event.receivedAt ?? .distantFuture)
        }
    }

    mutating func block(_ id: Int64, because hindrance: Hindrance) {
        guard let lane = lanes[id] else { return }
        blocked[lane.integration] = hindrance
        unload(id, mayHaveMore: false)
    }

    mutating func unblock(_ isMeant: (Hindrance) -> Bool) {
        let freed = blocked.filter { isMeant($0.value) }.map(\.key)
        for integration in freed { blocked.removeValue(forKey: integration) }
        if !freed.isEmpty { readAll() }
    }

    /// Where a destination rests from now on, everything for it is put out of hand, but for the oldest event: with that
    /// it will be tried again.
    mutating func failed(_ turn: Turn, _ result: AttemptResult, at now: Date) {
        let id = turn.destination.id
        stations[id]?.breaker.failed(result, at: now)
        guard let station = stations[id], case .open = station.breaker.state else { return }
        resting.insert(id)
        let kept = oldest(of: station)
        for lane in station.lanes where lane != kept { block(lane, because: .destination(id)) }
    }

    /// Lets events for destinations whose pause is over come in again, and those that may have a key by now.
    mutating func openUp(at now: Date) {
        if keysLookedForAt <= now {
            keysLookedForAt = .distantFuture
            unblock { $0 == .masterKeyMissing }
        }
        for id in resting {
            guard case .open = stations[id]?.breaker.state else { continue }
            stations[id]?.breaker.look(at: now)
            if stations[id]?.breaker.state == .halfOpen { unblock { $0 == .destination(id) } }
        }
    }

    /// Destinations that do not answer and that something waits for. One whose pause is over and for which there is
    /// nothing any more, since it was removed or its events were, is tried with whatever comes next, and is nobody's
    /// concern until then.
    var missedDestinations: Int {
        resting.count { id in
            guard let station = stations[id], station.breaker.state == .halfOpen else { return true }
            return station.underWay > 0 || !station.isEmpty
        }
    }

    /// Destinations were made, changed, paused or resumed.
    mutating func directoryChanged(at now: Date, directory: Directory) {
        unblock { _ in true }
        for lane in lanes.values where lane.station != nil && !lane.isUnderWay {
            takeOut(lane.id)
            advance(lane.id, at: now, directory: directory)
        }
    }
}
