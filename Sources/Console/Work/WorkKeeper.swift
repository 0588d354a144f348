import HookgateCore

/// Work of one kind that can be gone on with.
protocol ResumableWork: Sendable {
    var kind: String { get }

    /// Goes on with what nobody is at, if this replica can and nobody is quicker.
    func resume(_ record: LongWorkRecord) async throws

    /// Leaves off and gives back: this process ends.
    func handOver() async
}

/// Looks at a steady pace for work whose process is gone, and goes on with it here.
struct WorkKeeper: Sendable {
    private let parts: ConsoleParts
    private let works: [any ResumableWork]

    init(_ parts: ConsoleParts, _ works: [any ResumableWork]) {
        self.parts = parts
        self.works = works
    }

    /// Until its task is cancelled; then what is under way here is given back.
    func run() async {
        var last = ""
        while !Task.isCancelled {
            do {
                try await self.look()
                last = ""
            } catch {
                // The same words are not said at every look: a database that is away is told of elsewhere.
                let words = "long work cannot be looked for: \(error)"
                if !Task.isCancelled, words != last { self.parts.complain(words) }
                last = words
            }
            guard (try? await self.parts.workPace.pause(self.parts.workPace.look)) != nil else { break }
        }
        await self.handOver()
    }

    /// One look.
    func look() async throws {
        for record in try await self.parts.work.abandoned(at: self.parts.time.now) {
            for work in self.works where work.kind == record.kind { try await work.resume(record) }
        }
    }

    func handOver() async {
        await withTaskGroup(of: Void.self) { tasks in
            for work in self.works { tasks.addTask { await work.handOver() } }
        }
    }
}
