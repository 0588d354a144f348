/// Finds numbers by the key of what they number, in 8 bytes a place: an open-addressed table of numbers and hashes.
///
/// The keys stand in whatever is numbered, and nowhere twice; so every question brings the way to compare them. Places
/// are found again from the hashes alone, which makes growing and removing no business of the keys.
///
/// ```swift
/// let number = table.number(for: key) { things[Int($0)].key == key }
/// ```
struct NumberTable {
    private struct Place {
        static let free = Place(hash: 0, number: .max)

        var hash: UInt32
        var number: UInt32
        var isFree: Bool { self.number == .max }
    }

    private static let leastPlaces = 16

    private var places = ContiguousArray(repeating: Place.free, count: NumberTable.leastPlaces)
    private var count = 0

    /// The number whose thing has that key; nil when none has.
    func number(for key: some Hashable, where hasKey: (UInt32) -> Bool) -> UInt32? {
        let hash = Self.hash(key)
        var place = self.home(of: hash)
        while !self.places[place].isFree {
            if self.places[place].hash == hash, hasKey(self.places[place].number) { return self.places[place].number }
            place = self.next(place)
        }
        return nil
    }

    /// Adds a number under a key that none has yet.
    mutating func insert(_ number: UInt32, for key: some Hashable) {
        if (self.count + 1) * 4 > self.places.count * 3 { self.grow() }
        self.put(Place(hash: Self.hash(key), number: number))
        self.count += 1
    }

    /// Another thing with the same key takes the place of the one that is numbered `old`.
    mutating func replace(_ old: UInt32, by new: UInt32, for key: some Hashable) {
        guard let place = self.place(of: old, Self.hash(key)) else { return }
        self.places[place].number = new
    }

    /// Takes a number out, and moves up those behind it whose way leads over its place.
    mutating func remove(_ number: UInt32, for key: some Hashable) {
        guard var hole = self.place(of: number, Self.hash(key)) else { return }
        var place = self.next(hole)
        while !self.places[place].isFree {
            let way = (place - self.home(of: self.places[place].hash)) & self.mask
            if way >= (place - hole) & self.mask {
                self.places[hole] = self.places[place]
                hole = place
            }
            place = self.next(place)
        }
        self.places[hole] = .free
        self.count -= 1
    }

    private var mask: Int { self.places.count - 1 }

    private func home(of hash: UInt32) -> Int { Int(hash) & self.mask }

    private func next(_ place: Int) -> Int { (place + 1) & self.mask }

    private func place(of number: UInt32, _ hash: UInt32) -> Int? {
        var place = self.home(of: hash)
        while !self.places[place].isFree {
            if self.places[place].number == number { return place }
            place = self.next(place)
        }
        return nil
    }

    private mutating func put(_ entry: Place) {
        var place = self.home(of: entry.hash)
        while !self.places[place].isFree { place = self.next(place) }
        self.places[place] = entry
    }

    private mutating func grow() {
        let old = self.places
        self.places = ContiguousArray(repeating: .free, count: old.count * 2)
        for entry in old where !entry.isFree { self.put(entry) }
    }

    private static func hash(_ key: some Hashable) -> UInt32 {
        UInt32(truncatingIfNeeded: key.hashValue)
    }
}
