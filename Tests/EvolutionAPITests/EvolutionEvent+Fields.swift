import Crypto
import EvolutionAPI
import FoundationEssentials
import HookgateCore

/// A decoded event under the names that the manifest has for its parts.
struct EventFields {
    let event: EvolutionEvent

    /// Nil for a name that nobody here knows, so that no line of the manifest goes unread.
    subscript(_ name: String) -> Plain? {
        switch name {
        case "instance": Plain(event.instance?.text)
        case "event": Plain(event.name)
        case "message_id": Plain(key?.id)
        case "remote_jid": Plain(chat?.text)
        case "from_me": Plain(key?.isFromMe)
        case "is_group": Plain(isGroup)
        case "sender_phone_e164": Plain(author?.phone?.text)
        case "contact_phone_e164": Plain(contactPhone)
        case "participant_jid": update == nil ? Plain(key?.participant?.text) : .null
        case "text": Plain(text)
        case "timestamp": Plain(sentAt.map { Int64($0.timeIntervalSince1970.rounded(.down)) })
        default: content(name) ?? message(name) ?? instance(name)
        }
    }

    // MARK: - Events

    private func content(_ name: String) -> Plain? {
        switch (name, event.content) {
        case ("count", .history(let messages)): Plain(Int64(messages.count))
        case ("count", .listing(let count, _)): Plain(Int64(count))
        case ("message_ids", .history(let messages)): Plain(messages.compactMap(\.key.id))
        case ("call_status", .call(let call)): Plain(call.status)
        case ("action", .groupChange(let change)): Plain(change.action)
        case ("participants", .groupChange(let change)): Plain(change.participants.map(\.name))
        case ("status", .update(let update)): Plain(update.status.map { "\($0)" })
        case ("status_time_ms", .update(let update)):
            Plain(update.at.map { Int64(($0.timeIntervalSince1970 * 1_000).rounded()) })
        case ("is_real_delete", .update): .flag(false)
        case ("is_real_delete", .deletion): .flag(true)
        case ("progress", _): Plain(event.data?["progress"].flatMap { $0.numeral.flatMap { Int64($0) } })
        // What makes two bodies one event is the business of another module.
        case ("dedupe_group", _): Plain(key?.id == "A623CDD87244D733D924030880665CEA" ? "retry" : nil)
        default: nil
        }
    }

    private func instance(_ name: String) -> Plain? {
        switch (name, event.content) {
        case ("state", .connection(let update)): Plain("\(update.state)")
        case ("status_reason", .connection(let update)): Plain(update.reason)
        case ("status_reason", .statusInstance(let status)): Plain(status.reason)
        case ("owner_phone_e164", .connection(let update)): Plain(update.phone?.text)
        case ("reason", .statusInstance(let status)): Plain(status.conflict)
        case ("has_qr", .qrCode(let code)): .flag(code == .offered)
        case ("integration_status", .connection(let update)): Plain(update.status?.rawValue)
        case ("integration_status", .qrCode(let code)): Plain(code.status.rawValue)
        case ("integration_status", .statusInstance(let status)): Plain(status.integrationStatus?.rawValue)
        case ("integration_status", .lifecycle(let change)): Plain(change.status?.rawValue)
        default: nil
        }
    }

    private var only: Message? {
        guard case .messages(let messages) = event.content, messages.count == 1 else { return nil }
        return messages[0]
    }

    private var update: MessageUpdate? {
        guard case .update(let update) = event.content else { return nil }
        return update
    }

    private var key: MessageKey? {
        switch event.content {
        case .messages: only?.key
        case .update(let update): update.key
        case .edit(let edit, _): edit.target
        case .deletion(let deletion): deletion.key
        default: nil
        }
    }

    private var chat: JID? {
        switch event.content {
        case .call(let call): call.chat
        case .presence(let presence): presence.chat
        case .groupChange(let change): change.group
        // The manifest names the one chat of a list in some events and not in others.
        case .listing(_, let chat): ["chats.", "contac"].contains(event.name?.prefix(6)) ? nil : chat
        default: key?.chat
        }
    }

    private var isGroup: Bool? {
        switch event.content {
        case .history(let messages): messages.contains { $0.key.chat?.kind == .group }
        case .call(let call): call.isGroup
        case .listing: event.normalisedName.hasPrefix("groups.") ? true : nil
        default: chat.map { $0.kind == .group }
        }
    }

    private var author: Correspondent? {
        switch event.content {
        case .messages: only?.author
        case .update(let update): update.author
        case .edit(_, let author): author
        case .deletion(let deletion): deletion.author
        case .call(let call): call.caller
        default: nil
        }
    }

    private var contactPhone: String? {
        if case .presence(let presence) = event.content { return presence.chat.phone?.text }
        return key?.contact(owner: nil)?.phone?.text
    }

    private var text: String? {
        switch event.content {
        case .messages: only?.content.text
        case .update(let update): update.editedContent?.text
        case .edit(let edit, _): edit.content.text
        case .deletion(let deletion): deletion.content?.text
        default: nil
        }
    }

    private var sentAt: Date? {
        switch event.content {
        case .messages: only?.sentAt
        case .edit(let edit, _): edit.editedAt
        case .deletion(let deletion): deletion.sentAt
        default: nil
        }
    }

    // MARK: - Messages

    private func message(_ name: String) -> Plain? {
        guard let only else { return nil }
        switch (name, only.content) {
        case ("message_type", _): return Plain(only.declaredType)
        case ("push_name", _): return Plain(only.authorName)
        case ("quoted_message_id", _): return Plain(only.context?.quotedID)
        case ("mentioned", _): return Plain(only.context?.mentions.map(\.text) ?? [])
        case ("lid", _): return Plain(only.key.lid?.text)
        case ("is_status", _): return Plain(only.key.chat?.isStatus)
        case ("text_sha256", .text(let text)): return Plain(Self.sha256(Array(text.utf8)))
        case ("text_utf8_bytes", .text(let text)): return Plain(Int64(text.utf8.count))
        case ("selected_id", .choice(let choice)): return Plain(choice.id)
        case ("edited_message_id", .edit(let edit)): return Plain(edit.target.id)
        case ("media", .media(let media)): return .object(members(of: media))
        case ("contact_card", .contacts(let cards)):
            return .object(["name": Plain(cards.first?.name), "phone": Plain(cards.first?.phone?.text)])
        case ("poll", .poll(let poll)):
            return .object(["name": Plain(poll.name), "options": Plain(poll.options)])
        case ("reaction", .reaction(let reaction)):
            return .object(["emoji": Plain(reaction.emoji), "target_id": Plain(reaction.target.id)])
        case ("poll_vote", .vote(let vote)):
            return .object(["poll_id": Plain(vote.poll.id), "selected": Plain(vote.options)])
        case ("location", .location(let location)):
            return .object(["lat": .number(location.latitude), "lon": .number(location.longitude)])
        default: return nil
        }
    }

    private func members(of media: Media) -> [String: Plain] {
        var members: [String: Plain] = [
            "type": Plain(media.kind.rawValue), "mimetype": Plain(media.mimeType),
            "file_length": Plain(media.byteCount),
            "file_name": Plain(media.fileName), "seconds": Plain(media.seconds), "ptt": .flag(media.isVoice),
            "view_once": .flag(media.isViewOnce), "has_base64": .flag(false), "media_url": .flag(false),
        ]
        switch media.source {
        case .inline(let characters):
            members["has_base64"] = .flag(true)
            members["base64_chars"] = Plain(Int64(characters))
            let text = event.data?["message"]?["base64"]?.string ?? ""
            members["decoded_sha256"] = Plain(Data(base64Encoded: text).map { Self.sha256(Array($0)) })
        case .url: members["media_url"] = .flag(true)
        case .encrypted: break
        }
        return members
    }

    private static func sha256(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: bytes).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}
