import HookgateCore

/// Finds in a body whether the clinic itself sent the message.
enum OwnMessage {
    static func isOwn(_ body: [UInt8]) -> Bool {
        // A body that is no JSON any more is nobody's message.
        guard let root = try? JSONDocument(body).root else { return false }
        let data = root["data"] ?? root["message"]
        return (data?["key"]?["fromMe"] ?? data?["fromMe"])?.bool == true
    }
}
