import HookgateCore

extension MessageContent {
    /// Reads a `message` object. It never fails: what it does not know is ``other(_:)``.
    init(_ message: JSONValue, depth: Int = 0) {
        self = Reader(outermost: message).content(of: message, depth: depth, isViewOnce: false)
    }

    /// Reads by the keys that are there. Evolution's `messageType` names the first of them, and sometimes another.
    private struct Reader {
        let outermost: JSONValue

        func content(of message: JSONValue, depth: Int, isViewOnce: Bool) -> MessageContent {
            if let text = message["conversation"]?.string { return .text(text) }
            if let text = message["extendedTextMessage"]?["text"]?.string { return .text(text) }
            return wrapped(message, depth, isViewOnce) ?? media(message, isViewOnce) ?? place(message)
                ?? exchange(message) ?? answer(message) ?? other(message, depth)
        }

        private func wrapped(_ message: JSONValue, _ depth: Int, _ isViewOnce: Bool) -> MessageContent? {
            guard let wrapper = MessageWrapper(message) else { return nil }
            guard depth < MessageWrapper.deepest else { return .other(name(of: message)) }
            return content(of: wrapper.message, depth: depth + 1, isViewOnce: isViewOnce || wrapper.isViewOnce)
        }

        private func media(_ message: JSONValue, _ isViewOnce: Bool) -> MessageContent? {
            let found: (Media.Kind, JSONValue)? =
                if let object = message["imageMessage"] {
                    (.image, object)
                } else if let object = message["videoMessage"] ?? message["ptvMessage"] {
                    (.video, object)
                } else if let object = message["audioMessage"] {
                    (.audio, object)
                } else if let object = message["documentMessage"] {
                    (.document, object)
                } else if let object = message["stickerMessage"] {
                    (.sticker, object)
                } else {
                    nil
                }
            return found.map { .media(Media($0.0, $0.1, in: outermost, isViewOnce: isViewOnce)) }
        }

        private func place(_ message: JSONValue) -> MessageContent? {
            let live = message["liveLocationMessage"]
            guard let object = live ?? message["locationMessage"], let latitude = object["degreesLatitude"]?.decimal,
                let longitude = object["degreesLongitude"]?.decimal
            else { return nil }
            return .location(
                Location(
                    latitude: latitude, longitude: longitude, name: object["name"]?.text,
                    address: object["address"]?.text, caption: object["caption"]?.text, isLive: live != nil))
        }

        /// What people do with each other's messages.
        private func exchange(_ message: JSONValue) -> MessageContent? {
            if let card = message["contactMessage"] { return .contacts([ContactCard(card)]) }
            if let cards = message["contactsArrayMessage"]?["contacts"]?.elements {
                return .contacts(cards.map { ContactCard($0) })
            }
            if let reaction = message["reactionMessage"], let target = reaction["key"] {
                return .reaction(Reaction(emoji: reaction["text"]?.text, target: MessageKey(target)))
            }
            let poll =
                message["pollCreationMessage"] ?? message["pollCreationMessageV2"] ?? message["pollCreationMessageV3"]
            if let poll {
                let options = poll["options"]?.elements ?? []
                return .poll(Poll(name: poll["name"]?.text, options: options.compactMap { $0["optionName"]?.text }))
            }
            if let vote = message["pollUpdateMessage"], let poll = vote["pollCreationMessageKey"] {
                let options = vote["vote"]?["selectedOptions"]?.elements ?? []
                return .vote(PollVote(poll: MessageKey(poll), options: options.compactMap(\.text)))
            }
            return message["eventMessage"].map { .appointment(name: $0["name"]?.text) }
        }

        /// What people choose of what they were offered.
        private func answer(_ message: JSONValue) -> MessageContent? {
            if let button = message["buttonsResponseMessage"] {
                return .choice(
                    Choice(id: button["selectedButtonId"]?.text, text: button["selectedDisplayText"]?.text))
            }
            if let button = message["templateButtonReplyMessage"] {
                return .choice(Choice(id: button["selectedId"]?.text, text: button["selectedDisplayText"]?.text))
            }
            if let list = message["listResponseMessage"] {
                let id = list["singleSelectReply"]?["selectedRowId"]?.text
                return .choice(Choice(id: id, text: list["title"]?.text))
            }
            return message["interactiveResponseMessage"].map { answer in
                .choice(
                    Choice(id: answer["nativeFlowResponseMessage"]?["name"]?.text, text: answer["body"]?["text"]?.text))
            }
        }

        private func other(_ message: JSONValue, _ depth: Int) -> MessageContent {
            guard let notice = message["protocolMessage"], depth < MessageWrapper.deepest else {
                return .other(name(of: message))
            }
            return MessageEdit(notice, depth: depth).map { .edit($0) } ?? .notice(ProtocolNotice(notice))
        }

        /// The first member that is named as content is named.
        private func name(of message: JSONValue) -> String? {
            message.members?.lazy.map(\.key).first {
                $0 != "senderKeyDistributionMessage" && ($0.hasSuffix("Message") || $0.contains("MessageV"))
            }
        }
    }
}

extension ContactCard {
    fileprivate init(_ object: JSONValue) {
        self.name = object["displayName"]?.text
        self.phone = object["vcard"]?.text.flatMap { card in
            card.split(separator: "waid=", maxSplits: 1).dropFirst().first.flatMap { rest in
                PhoneNumber("+" + rest.prefix { $0.isASCII && $0.isNumber })
            }
        }
    }
}

extension ProtocolNotice {
    init(_ protocolMessage: JSONValue) {
        self.kind = protocolMessage["type"].flatMap { $0.text ?? $0.numeral }
        self.target = protocolMessage["key"].map { MessageKey($0) }
    }
}
