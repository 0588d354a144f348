/// One member of a JSON object that is carried and not understood.
package struct EvolutionMember: Sendable, Hashable, Codable {
    package let name: String
    /// The value as JSON text.
    package let json: String

    package init(name: String, json: String) {
        self.name = name
        self.json = json
    }
}

/// The webhook settings of one instance, the same for every release.
///
/// The URL holds our token once it is set, and headers hold secrets: printing the value shows neither.
package struct EvolutionWebhookSettings: Sendable, Equatable, Codable {
    package var url: String
    package var isEnabled: Bool
    /// In the form of settings, as `MESSAGES_UPSERT`. Sent back empty, Evolution would read it as every event.
    package var events: [String]
    package var byEvents: Bool
    /// Takes effect when the instance connects again, not before.
    package var base64: Bool
    package var headers: [EvolutionMember]
    /// What a release keeps that we do not know.
    package var others: [EvolutionMember]

    package init(
        url: String, isEnabled: Bool, events: [String], byEvents: Bool = false, base64: Bool = false,
        headers: [EvolutionMember] = [], others: [EvolutionMember] = []
    ) {
        self.url = url
        self.isEnabled = isEnabled
        self.events = events
        self.byEvents = byEvents
        self.base64 = base64
        self.headers = headers
        self.others = others
    }

    /// Evolution stores no longer URL.
    package static let longestURL = 500

    /// Nothing is sent with these settings, and no URL would come back with them.
    package var isVoid: Bool { !isEnabled && url.isEmpty }
}

extension EvolutionWebhookSettings {
    /// The parts in which two settings can differ.
    package enum Part: String, Sendable, CaseIterable {
        case url
        case enabled
        case events
        case byEvents = "by-events"
        case base64
        case headers
        case others = "other members"
    }

    /// Where these settings are not the wanted ones. Events and headers are compared as sets: no release keeps an
    /// order. Of two settings that are both switched off, only that is compared, since Evolution empties the rest.
    package func differences(from wanted: EvolutionWebhookSettings) -> [Part] {
        if !isEnabled && !wanted.isEnabled { return [] }
        return Part.allCases.filter { part in
            switch part {
            case .url: !url.isSameText(as: wanted.url)
            case .enabled: isEnabled != wanted.isEnabled
            case .events: Set(events) != Set(wanted.events)
            case .byEvents: byEvents != wanted.byEvents
            case .base64: base64 != wanted.base64
            case .headers: Set(headers) != Set(wanted.headers)
            case .others: Set(others) != Set(wanted.others)
            }
        }
    }

    /// The same settings with another URL: what a switch-over asks for.
    package func pointing(to url: String) -> EvolutionWebhookSettings {
        var settings = self
        settings.url = url
        return settings
    }
}

extension EvolutionWebhookSettings: CustomStringConvertible, CustomReflectable {
    package var description: String {
        "webhook settings (\(isEnabled ? "enabled" : "disabled"), \(events.count) events, \(headers.count) headers)"
    }

    package var customMirror: Mirror { Mirror(self, children: []) }
}

/// What a server says about an instance's webhook.
package struct EvolutionWebhook: Sendable, Equatable {
    /// Nil where none was ever set, or where the instance is not loaded: releases from 2.0 on say the same for both.
    package let settings: EvolutionWebhookSettings?
    /// The answer as it came, for the record of what was there.
    package let text: String

    package init(settings: EvolutionWebhookSettings?, text: String) {
        self.settings = settings
        self.text = text
    }

    /// The settings, with those that send nothing standing for none.
    package var effective: EvolutionWebhookSettings {
        settings ?? EvolutionWebhookSettings(url: "", isEnabled: false, events: [])
    }
}

extension EvolutionWebhook: CustomStringConvertible, CustomReflectable {
    package var description: String { settings?.description ?? "no webhook settings" }

    package var customMirror: Mirror { Mirror(self, children: []) }
}
