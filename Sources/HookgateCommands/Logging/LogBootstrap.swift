import Logging

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Sets logging up for the whole process. swift-log allows it once, so the command that runs calls it first.
package enum LogBootstrap {
    private static let output = LogOutput()

    package static func start(_ configuration: Configuration) {
        let level = configuration.logLevel
        let format = configuration.logFormat
        LoggingSystem.bootstrap { label in
            HookgateLogHandler(label: label, level: level, format: format, output: output)
        }
        // The parser ends the process with exit(), which no defer survives.
        atexit { LogBootstrap.output.flush() }
    }
}
