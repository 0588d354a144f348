enum MigrationModule {}
