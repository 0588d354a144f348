/// Gives the files of events to whoever has a signed address of one. Filled by the command line.
package protocol EventMediaSource: Sendable {
    func media(at link: MediaLinkRequest) async -> EventMedia
}

/// What stands at an address of media.
package enum EventMedia: Sendable, Equatable {
    /// - Parameter mimeType: as the sender says; nil where it reads like none.
    case found(bytes: [UInt8], mimeType: String?)
    /// The address was not made by us, or its time is over.
    case refused
    /// There is no such file, or it is not kept any more.
    case gone
    /// Nobody can say now.
    case unavailable
}
