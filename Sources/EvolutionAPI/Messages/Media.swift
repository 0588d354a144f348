import HookgateCore

/// A file that came with a message, described; its bytes stay in the body.
package struct Media: Sendable, Equatable {
    package enum Kind: String, Sendable {
        case image, video, audio, document, sticker
    }

    /// Where the file can be had.
    package enum Source: Sendable, Equatable {
        /// Base64 in the body: a string of that many characters, not checked. Its value is `data.message.base64`.
        case inline(characters: Int)
        /// An address that Evolution signed, good for a while.
        case url(String)
        /// Only at WhatsApp, encrypted.
        case encrypted
    }

    package let kind: Kind
    package let source: Source
    /// As the sender says: text for a person to see, never a path or a promise of what the bytes are.
    package let mimeType: String?
    package let fileName: String?
    package let caption: String?
    package let byteCount: Int64?
    package let seconds: Int64?
    /// A voice message rather than a sound file.
    package let isVoice: Bool
    package let isViewOnce: Bool

    /// - Parameters:
    ///   - object: `imageMessage` and its like.
    ///   - message: the outermost `message`, in which Evolution puts what it fetched.
    init(_ kind: Kind, _ object: JSONValue, in message: JSONValue, isViewOnce: Bool) {
        self.kind = kind
        self.mimeType = object["mimetype"]?.text
        self.fileName = object["fileName"]?.text ?? object["title"]?.text
        self.caption = object["caption"]?.text
        self.byteCount = object["fileLength"]?.integer
        self.seconds = object["seconds"]?.integer
        self.isVoice = object["ptt"]?.bool ?? false
        self.isViewOnce = isViewOnce || object["viewOnce"]?.bool ?? false
        if let base64 = message["base64"], !base64.rawBytes.isEmpty, base64.isString {
            self.source = .inline(characters: base64.rawBytes.count)
        } else if let url = message["mediaUrl"]?.text {
            self.source = .url(url)
        } else {
            self.source = .encrypted
        }
    }
}
