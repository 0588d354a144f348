import HookgateCore

/// Appends that came to the same end by one write, and how each of their callers hears of it: those that named a place
/// together, in one job for each place; the others here.
struct CompletedBatch: Sendable {
    enum End: Sendable {
        /// At these positions, one for each.
        case stored([SpoolPosition])
        case refused(SpoolError)
    }

    private let appends: ArraySlice<WaitingAppend>
    private let end: End

    init(_ appends: ArraySlice<WaitingAppend>, _ end: End) {
        self.appends = appends
        self.end = end
    }

    func tell() {
        tell(at: nil)
        for (index, append) in appends.enumerated() {
            // There are as many places as event loops: whether one was told already shows within the first few.
            guard let place = append.place, !appends.prefix(index).contains(where: { $0.place == place }) else {
                continue
            }
            place.run { self.tell(at: place) }
        }
    }

    private func tell(at place: CompletionPlace?) {
        for (index, append) in appends.enumerated() where append.place == place {
            switch end {
            case .stored(let positions): append.completion(.success(positions[index]))
            case .refused(let error): append.completion(.failure(error))
            }
        }
    }
}
