/// A body whose base64 was taken out, so that it is as small as the words in it.
///
/// Where the base64 stood there is an empty string now, and beside it the address at which the file can be fetched,
/// under the name that Evolution itself gives to addresses of files it keeps elsewhere: `mediaUrl`.
enum MediaReferences {
    /// - Parameters:
    ///   - places: of what stood between the quotes of the values, in the order of the text.
    ///   - url: the address of the file of that number.
    static func replacing(_ places: [Range<Int>], in body: [UInt8], url: (Int) -> String) -> [UInt8] {
        var result: [UInt8] = []
        var kept = 0
        for (number, place) in places.enumerated() {
            result += body[kept..<place.lowerBound]
            // Inside the value's own quotes: it ends, and the next member's string is left open for its end quote.
            result += #"","mediaUrl":""#.utf8
            result += url(number).utf8
            kept = place.upperBound
        }
        result += body[kept...]
        return result
    }
}
