import FoundationEssentials
package import Logging

/// Sends swift-log's events to a ``LogOutput`` in one of our two formats.
package struct HookgateLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: LogFormat
    private let output: LogOutput

    package init(label: String, level: Logger.Level, format: LogFormat, output: LogOutput) {
        self.label = label
        self.logLevel = level
        self.format = format
        self.output = output
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var facts = metadata
        facts.merge(metadataProvider?.get() ?? [:]) { _, provided in provided }
        facts.merge(event.metadata ?? [:]) { _, stated in stated }
        if let error = event.error { facts["error"] = "\(error)" }
        let line = LogLine(
            date: Date(), label: label, level: event.level, message: event.message.description,
            metadata: facts.sorted { $0.key < $1.key }.map { (name: $0.key, value: $0.value.description) })
        output.append(line.rendered(as: format))
    }
}
